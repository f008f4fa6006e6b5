import { expect, it } from 'vitest';
import { fitWords } from '../../cli/terminal/fit-words.ts';

const NARROW = { isTTY: true, columns: 40 } as const;

it('fitWords() breaks between words, as far in as the line began, and leaves what is no terminal alone', () => {
  const text = '  - une note qui est assez longue pour être coupée';
  expect(fitWords(text, NARROW)).toBe('  - une note qui est assez longue pour\n    être coupée');
  expect(fitWords(text, {})).toBe(text);
});

it('fitWords() leaves a command that is to be copied whole, also where a quoted text of it has lines', () => {
  const commands = [
    "  semeur client new emilie --name 'Émilie' --set 'website.text=Une page.",
    "Et une autre : « 2 ».' --set website.domain= --wifi-password-stdin <password.txt",
    "  semeur init . --operator 'L'\\''Été : les racines' --language fr",
    '  → as root: apt-get update && apt-get install --yes mtools',
  ].join('\n');
  expect(fitWords(`${commands}\nune note qui est assez longue pour être coupée`, NARROW)).toBe(
    `${commands}\nune note qui est assez longue pour être\ncoupée`,
  );
});
