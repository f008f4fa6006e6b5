import { open } from 'node:fs/promises';
import { runCommand } from '../../kit/command.ts';

const PIECE = 16 * 1024 * 1024;

/** A card that held something else: every byte 0xFF. */
export async function makeUsedCard(file: string, bytes: number): Promise<void> {
  const handle = await open(file, 'w');
  const ones = Buffer.alloc(PIECE, 0xff);
  try {
    for (let at = 0; at < bytes; at += PIECE) await handle.write(ones, 0, Math.min(PIECE, bytes - at), at);
  } finally {
    await handle.close();
  }
}

/**
 * bmaptool's own code. The program itself empties a file before it writes there, which no card does: here it is kept, as it keeps a block device.
 * Newer versions call the module "bmaptool".
 */
const COPY = `
import os, sys
try: from bmaptools import BmapCopy, TransRead
except ImportError: from bmaptool import BmapCopy, TransRead
os.ftruncate = lambda *_: None
image, bmap, card = sys.argv[1:]
with open(card, "rb+") as card, open(bmap) as bmap:
    BmapCopy.BmapCopy(TransRead.TransRead(image), card, bmap).copy(sync=True, verify=True)
`;

/** Writes what the map says, and verifies it: the card keeps what it had elsewhere. */
export async function writeByBmap({ image, bmap, card }: { image: string; bmap: string; card: string }): Promise<void> {
  await runCommand(['/usr/bin/python3', '-c', COPY, image, bmap, card]);
}
