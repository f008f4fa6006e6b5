import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addToDeviceTree } from '../../builder/try/device-tree.ts';
import { describeVirtCommand } from '../../builder/try/machine.ts';
import { runCommand } from '../../kit/command.ts';

describe('addToDeviceTree()', () => {
  it("adds to the tree of QEMU's machine, which QEMU then takes", async () => {
    const folder = await mkdtemp(join(tmpdir(), 'semeur-tree-'));
    const [own, ours, again] = [join(folder, 'own.dtb'), join(folder, 'ours.dtb'), join(folder, 'again.dtb')];
    try {
      await runCommand(describeVirtCommand(own));
      const tree = addToDeviceTree(await readFile(own), 'serial-number', '10000000c0ffee01');
      await writeFile(ours, tree);
      expect(tree.readUInt32BE(4)).toBe(tree.length);
      await runCommand([...describeVirtCommand(again), '-dtb', ours]);
      const read = (await readFile(again)).toString('latin1');
      expect(read).toContain('10000000c0ffee01\0');
      expect(read).toContain('serial-number\0');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('refuses what is no device tree', () => {
    expect(() => addToDeviceTree(Buffer.alloc(64), 'a', 'b')).toThrow('no device tree');
  });
});
