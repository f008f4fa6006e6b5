/** What a card said on the serial console of the virt machine, shortened: bytes as recorded, terminal sequences and all. */
export const RECORDED_CONSOLE = [
  '[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x410fd083]\r',
  '[    0.000000] Linux version 6.12.117+deb13-arm64 (debian-kernel@lists.debian.org) (aarch64-linux-gnu-gcc-14 (Debian 14.2.0-19) 14.2.0, GNU ld (GNU Binutils for Debian) 2.44) #1 SMP Debian 6.12.117-1 (2026-11-12)\r',
  '[    0.000000] random: crng init done\r',
  '[    0.000000] Machine model: linux,dummy-virt\r',
  '[    2.898896] Run /init as init process\r',
  '\u001b[!p\u001b]104\u0007\u001b[?7h[   12.119771] systemd[1]: systemd 257.13-1~deb13u1 running in system mode (+PAM -LIBARCHIVE)\r',
  '[   12.147996] systemd[1]: Hostname set to <essai>.\r',
  '[   23.221981] systemd[1]: Reached target paths.target - Path Units.\r',
  '[   23.222903] systemd[1]: Reached target remote-fs.target - Remote File Systems.\r',
  '[   23.223590] systemd[1]: Reached target slices.target - Slice Units.\r',
  '[   23.224692] systemd[1]: Reached target swap.target - Swaps.\r',
  '[   39.316112] platform regulatory.0: firmware: failed to load regulatory.db (-2)\r',
  '[\u001b[0;1;31mFAILED\u001b[0m] Failed to start \u001b[0;1;39mssh.service\u001b[0m - OpenBSD Secure Shell server.\r\r',
  '\u001b[!p\u001b]104\u0007\u001b[?7h\u001b[6n\u001b[32766;32766H\u001b[6n\u001b[!p\u001b]104\u0007\u001b[?7h\u001b[6n\u001b[32766;32766H\u001b[6n\r\r',
  'Debian GNU/Linux 13 essai ttyAMA0\r',
  'essai login: [   51.133970] input: gpio-keys as /devices/platform/gpio-keys/input/input0\r',
].join('\n');

export const CARD_READY = `semeur: card ready host=essai root-bytes=1868562432 region=wiped host-key=SHA256:${'aB3+/'.repeat(8)}xyz\r\n`;
