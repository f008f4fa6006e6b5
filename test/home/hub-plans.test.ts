import { describe, expect, it } from 'vitest';
import { renderFirewall } from '../../home/hub/firewall.ts';
import { parseDump, planRepairs, renderInterface, renderPeers } from '../../home/hub/peers.ts';
import { createQueue } from '../../home/hub/queue.ts';
import { createStalePeers } from '../../home/hub/stale-peers.ts';

const PEER = { publicKey: 'PUBLIC=', presharedKey: 'SHARED=', address: 'fd5e:3e0f:1a2b:0:1::7/128' };
const SHOWN = { publicKey: 'PUBLIC=', presharedKey: 'SHARED=', addresses: PEER.address, handshake: 0 };

describe('renderFirewall()', () => {
  const options = { interface: 'semeur0', vpnPort: 51820, prefix: 'fd5e:3e0f:1a2b::/48', ports: [51820] };

  it('tells cards from operators by the fifth group: a /64 would hold both, and the hub', () => {
    const rules = renderFirewall(options);
    expect(rules).toContain('ip6 saddr fd5e:3e0f:1a2b:0:2::/80 ip6 daddr fd5e:3e0f:1a2b:0:1::/80 accept');
    expect(rules).toContain('ip6 saddr fd5e:3e0f:1a2b:0:1::/80 ip6 daddr fd5e:3e0f:1a2b:0:2::/80 ct state established,related accept');
    expect(rules.match(/\/64/g)).toEqual(['/64']);
    expect(rules).toContain('ip6 saddr fd5e:3e0f:1a2b:ffff::/64 ip6 daddr fd5e:3e0f:1a2b:ffff::1 tcp dport 8080 accept');
  });

  it("lets operators alone reach the fleet's metrics", () => {
    const rules = renderFirewall(options)
      .split('\n')
      .filter((line) => line.includes('9180'));
    expect(rules).toEqual(['\t\tip6 saddr fd5e:3e0f:1a2b:0:2::/80 ip6 daddr fd5e:3e0f:1a2b::1 tcp dport 9180 accept']);
  });

  it('leads the ports of other endpoints to its own, each once, and none where there is none; the address stays', () => {
    expect(renderFirewall(options)).not.toContain('type nat');
    const rules = renderFirewall({ ...options, ports: [443, 51820, 53, 443] });
    expect(rules.match(/udp dport \{ 443, 53 \} dnat to :51820/g)).toHaveLength(2);
    expect(rules).not.toContain('redirect');
  });
});

describe('peers of the hub', () => {
  it('are written and read as wg(8) has them', () => {
    expect(renderInterface('PRIVATE=', 51820) + renderPeers([PEER])).toBe(
      '[Interface]\nPrivateKey = PRIVATE=\nListenPort = 51820\n[Peer]\nPublicKey = PUBLIC=\nPresharedKey = SHARED=\nAllowedIPs = fd5e:3e0f:1a2b:0:1::7/128\n',
    );
    const line = ['PUBLIC=', 'SHARED=', '192.0.2.1:5', 'fd00::1/128,fd00::2/128', '1795478400', '1', '2', 'off'].join('\t');
    expect(parseDump(`PRIVATE=\tHUB=\t51820\toff\n${line}\n`)).toEqual({
      publicKey: 'HUB=',
      port: 51820,
      peers: [{ publicKey: 'PUBLIC=', presharedKey: 'SHARED=', addresses: 'fd00::1/128,fd00::2/128', handshake: 1795478400 }],
    });
    expect(parseDump('(none)\t(none)\t0\toff\n')).toEqual({ publicKey: '(none)', port: 0, peers: [] });
  });

  it('are repaired only where they differ', () => {
    expect(planRepairs([SHOWN], [PEER])).toEqual({ remove: [], add: [] });
    expect(planRepairs([SHOWN], [])).toEqual({ remove: ['PUBLIC='], add: [] });
    expect(planRepairs([], [PEER])).toEqual({ remove: [], add: [PEER] });
    for (const wrong of [{ presharedKey: '(none)' }, { addresses: '(none)' }, { addresses: `${PEER.address},fd00::/8` }]) {
      expect(planRepairs([{ ...SHOWN, ...wrong }], [PEER])).toEqual({ remove: ['PUBLIC='], add: [PEER] });
    }
  });
});

describe('createStalePeers()', () => {
  const times = { staleSeconds: 300, reviveSeconds: 600 };

  /** When one peer is taken, in minutes, if it is looked at each minute. */
  function minutesTaken(handshake: (minute: number) => number, random: number, minutes = 60): number[] {
    const stale = createStalePeers(times, () => random);
    return Array.from({ length: minutes }, (_, minute) => minute).filter(
      (minute) => stale.take([{ ...SHOWN, handshake: handshake(minute) }], minute * 60).size > 0,
    );
  }

  it('takes a silent peer after 5 to 10 minutes, then each 10 to 15', () => {
    expect(minutesTaken(() => 0, 0)).toEqual([5, 15, 25, 35, 45, 55]);
    expect(minutesTaken(() => 0, 0.999)).toEqual([10, 25, 40, 55]);
  });

  it('leaves one alone that shakes hands, whatever the clock says', () => {
    expect(minutesTaken((minute) => 1000 + Math.floor(minute / 2) * 120, 0)).toEqual([]);
    // Home's own clock set back by a year: other numbers, but they change.
    expect(minutesTaken((minute) => (minute < 30 ? 2_000_000_000 : 1_970_000_000) + Math.floor(minute / 2) * 120, 0)).toEqual([]);
  });

  it('counts from the last handshake, and from when the peer was added', () => {
    // Added again, it has none.
    expect(minutesTaken((minute) => (minute < 26 ? Math.min(minute, 20) : 0), 0, 40)).toEqual([25, 35]);
    const stale = createStalePeers(times, () => 0);
    expect(stale.take([SHOWN], 0).size).toBe(0);
    expect(stale.take([SHOWN, { ...SHOWN, publicKey: 'NEW=' }], 300)).toEqual(new Set(['PUBLIC=']));
    expect(stale.take([{ ...SHOWN, publicKey: 'NEW=' }], 600)).toEqual(new Set(['NEW=']));
  });
});

describe('createQueue()', () => {
  it('runs one task at a time, in order, also after one that failed', async () => {
    const queue = createQueue();
    const done: number[] = [];
    const task = (number: number, milliseconds: number) => async () => {
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      done.push(number);
      if (number === 2) throw new Error('two');
    };
    const results = await Promise.allSettled([queue.run(task(1, 20)), queue.run(task(2, 5)), queue.run(task(3, 0))]);
    expect(done).toEqual([1, 2, 3]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('finishes once, and takes nothing more', async () => {
    const queue = createQueue();
    let closed = 0;
    const close = async () => {
      closed += 1;
    };
    await Promise.all([queue.finish(close), queue.finish(close)]);
    expect(closed).toBe(1);
    await expect(queue.run(close)).rejects.toThrow('Cannot change peers: the hub is closed');
  });
});
