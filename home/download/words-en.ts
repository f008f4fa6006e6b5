/** All that clients read before their card has called, in English. The other languages have the same keys: Words. */
export const ENGLISH = {
  locale: 'en-GB',
  other: { code: 'fr', name: 'Français' },

  title: (name: string) => `${name}: make your card`,
  intro: 'Three steps, and mostly waiting. You need the Raspberry Pi with its power supply, a computer, and:',
  card: (size: string) => `a microSD card of ${size} or more, empty or not: all that is on it will be erased;`,
  room: (download: string, time: string) => `a download of ${download}: about ${time} on a slow line (5 Mbit/s), less on fibre.`,

  fetch: 'Get the programme and your file',
  fetchPicture: 'A file goes from the internet to a computer',
  fetchImager: 'Install Raspberry Pi Imager, which is free:',
  fetchFile: 'Then get your file, which is small. The programme finds the rest by it, and checks that nothing was damaged on the way.',
  getFile: 'Get my file',

  write: 'Write the card',
  writePicture: 'A memory card goes into the computer',
  writeOpen: 'Put the card in the computer, and open your file with a double click.',
  writeChoose: (entry: string) => `Choose your Raspberry Pi, then “${entry}”, then your card. Let the programme write and check.`,
  writeFormat: 'If the computer asks whether to format the card, say no.',

  plug: 'Plug it in',
  plugPicture: 'A small box with a memory card, a network cable and a power cable',
  plugHow: 'Put the card in the Raspberry Pi. Plug in the network cable to your internet box, then the power.',
  plugLight: 'The green light beats while it gets ready, and stays on when all is well. If it blinks slowly, it needs help.',
  watch: 'See whether it has called',

  others: 'With another programme',
  othersHow: 'balenaEtcher, Disks (GNOME) or dd take the image as it is, without unpacking it:',
  getImage: (size: string) => `Get the image (${size})`,
  sum: 'SHA-256 of the image:',

  public: 'I wrote the image that is the same for everybody',
  publicHow: (label: string) =>
    `Then the card lacks what makes it yours: a small file. Get it, and copy it onto the drive “${label}” that your computer shows when the card is in it.`,
  getSeed: 'Get my small file',
  publicImage: 'The image for everybody:',
  sums: 'its checksum',

  secret: (date: string) =>
    `Keep this address to yourself: who has it can make your card in your place. It opens until ${date}, or until your card has called.`,
  help: (operator: string) => `Help: ${operator}`,

  waiting: 'Your card has not called yet',
  waitingHow: 'That takes five minutes from the moment it has power. This page looks again by itself.',
  waitingLong: 'After a quarter of an hour: is the network cable in, at both ends? Does the green light blink slowly? Then call us.',
  back: 'Back to the three steps',

  calledTitle: (name: string) => `${name}: your card has called`,
  called: (moment: string) => `Your card has called: ${moment}.`,
  settingUp: 'It is getting ready, and this page looks again by itself.',
  ready: 'It is ready.',
  needsHelp: 'It says that it needs help. Please call us; we have been told too.',
  services: 'On your home network, it offers:',
  ownPage: 'Its own page',
  notYou: 'Was that not you? Then tell us at once.',
  forget: 'The file and the image that you downloaded open nothing any more: delete them.',

  preparing: 'Your card is being prepared',
  preparingHow: 'The download is not ready just now. Please come back in an hour; if it is still the same then, tell us.',
  nothing: 'This address opens nothing',
  nothingHow:
    'Perhaps a part of it was lost when it was copied. Perhaps it has ended: it is good for some days only, and newer ones replace it. Ask for a new one.',
  busy: 'Too many requests come from your place',
  busyHow: 'Please wait a minute, then try again. A download goes on where it was.',
  mistake: 'We made a mistake',
  mistakeHow: 'It has been noted. Please try again later.',

  entry: (name: string) => `Card of ${name}`,
  entryDescription: (operator: string) => `Made by ${operator} for this home alone`,
};

export type Words = typeof ENGLISH;
