#!/bin/sh
# Settings that packages read while they are installed. usage: settings.sh ROOT
set -eu

main() {
	root=$1
	mkdir -p "$root/etc/initramfs-tools/conf.d" "$root/etc/default"
	# Collecting every driver takes minutes under emulation and fills the boot partition: name those that find the root.
	printf '%s\n' MODULES=list COMPRESS=zstd COMPRESSLEVEL=1 >"$root/etc/initramfs-tools/conf.d/semeur"
	printf '%s\n' ext4 virtio_blk virtio_pci virtio_mmio virtio_net usb_storage uas mmc_block sdhci_iproc bcm2835 \
		sdhci_brcmstb phy_generic xhci_pci pcie_brcmstb reset_raspberrypi dwc2 smsc95xx lan78xx >"$root/etc/initramfs-tools/modules"
	# Without it the script guesses the root from the machine that builds.
	printf '%s\n' 'ROOTPART="LABEL=rootfs"' >"$root/etc/default/raspi-firmware"
}

main "$@"
