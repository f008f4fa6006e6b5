/** A peer in the database's form: the address has its "/128". */
export interface HubPeer {
  readonly publicKey: string;
  readonly presharedKey: string;
  readonly address: string;
}

/** What `wg show IF dump` says. */
export interface ShownHub {
  readonly publicKey: string;
  readonly port: number;
  readonly peers: readonly ShownPeer[];
}

export interface ShownPeer {
  readonly publicKey: string;
  readonly presharedKey: string;
  /** "…/128,…/128" or "(none)" */
  readonly addresses: string;
  /** Seconds since 1970; 0: none yet. */
  readonly handshake: number;
}

export interface Repairs {
  readonly remove: readonly string[];
  readonly add: readonly HubPeer[];
}

/** In wg(8)'s format. An interface's section is in it, or `wg syncconf` would take away its key. */
export function renderInterface(privateKey: string, port: number): string {
  return `[Interface]\nPrivateKey = ${privateKey}\nListenPort = ${port}\n`;
}

export function renderPeers(peers: readonly HubPeer[]): string {
  return peers
    .map(({ publicKey, presharedKey, address }) => `[Peer]\nPublicKey = ${publicKey}\nPresharedKey = ${presharedKey}\nAllowedIPs = ${address}\n`)
    .join('');
}

export function parseDump(text: string): ShownHub {
  const [first = '', ...rest] = text.trimEnd().split('\n');
  const [, publicKey = '', port = ''] = first.split('\t');
  const peers = rest.map((line) => {
    const [key = '', presharedKey = '', , addresses = '', handshake = ''] = line.split('\t');
    return { publicKey: key, presharedKey, addresses, handshake: Number(handshake) };
  });
  return { publicKey, port: Number(port), peers };
}

/** What makes the interface's peers those that should be there. One that differs is removed first: so no address has to move from another peer. */
export function planRepairs(shown: readonly ShownPeer[], wanted: readonly HubPeer[]): Repairs {
  const missing = new Map(wanted.map((peer) => [peer.publicKey, peer]));
  const remove: string[] = [];
  for (const { publicKey, presharedKey, addresses } of shown) {
    const peer = missing.get(publicKey);
    if (peer?.presharedKey === presharedKey && peer.address === addresses) missing.delete(publicKey);
    else remove.push(publicKey);
  }
  return { remove, add: [...missing.values()] };
}
