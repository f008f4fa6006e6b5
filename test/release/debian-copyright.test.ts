import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDebianCopyright } from '../../builder/release/software/debian-copyright.ts';

const FORMAT = 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/';

describe('parseDebianCopyright()', () => {
  it('takes the short names of the machine-readable format, each once', () => {
    const text = `${FORMAT}
Upstream-Name: curl
License: curl

Files: *
Copyright: 1996, people
License:  GPL-2+   with
 some exception
Comment: License: none

Files: src/*
LICENSE: BSD-3-clause

License: BSD-3-clause
 Redistribution and use in source and binary forms.
 .
 License: this is text.
`;
    expect(parseDebianCopyright(text)).toEqual(['BSD-3-clause', 'GPL-2+ with', 'curl']);
  });

  it('takes no text of a licence for its name', () => {
    const text = `${FORMAT}\n\nFiles: *\nLicense: Permission to use, copy, modify, and distribute this software for any purpose and without fee\n`;
    expect(parseDebianCopyright(text)).toEqual([]);
  });

  it('takes what older files refer to, and does not say whether a later GPL would do', () => {
    const text = 'On Debian it is in "/usr/share/common-licenses/GPL-2", also\n/usr/share/common-licenses/Apache-2.0.\n\nLicense: mine\n';
    expect(parseDebianCopyright(text)).toEqual(['Apache-2.0', 'common-licenses/GPL-2']);
  });

  it('reads whatever people write', () => {
    const line = fc.oneof(fc.string(), fc.constantFrom(FORMAT, 'License:', 'License: x', ' ', '.', ' .', ': :', 'Files', '#License: y', '\r'));
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        for (const name of parseDebianCopyright(lines.join('\n'))) expect(name).toMatch(/^\S(?:.{0,78}\S)?$/u);
      }),
    );
  });
});
