import { runProgram } from '../programs.ts';
import { examineTrust, readHandshake } from './trust.ts';

/** Certificates that do not hold are known by their codes, of OpenSSL (X509_V_ERR_...) and of Node. */
const SCRIPT = `
  const [host, port, name] = process.argv.slice(1);
  const { isIP } = require('node:net');
  const socket = require('node:tls').connect({ host, port, servername: isIP(name) ? '' : name, ALPNProtocols: ['h2'] });
  const say = (word) => {
    console.log(word);
    setImmediate(() => process.exit());
  };
  socket.once('secureConnect', () => say('trusted'));
  socket.on('error', ({ code, message }) =>
    say((/CERT|SELF_SIGNED|UNABLE_TO/.test(code) ? 'refused: ' : 'failed: ') + (code ?? message)));
`;

/** The Node of the clients, which may be another than that of the mock. */
export const trustNode = examineTrust('trust-node', {
  program: 'node',
  variable: 'NODE_EXTRA_CA_CERTS',
  setting: 'export NODE_EXTRA_CA_CERTS=$PWD/ca.pem',
  blindness: 'NODE_TLS_REJECT_UNAUTHORIZED=0',
  async version(run) {
    const ran = await runProgram('node', ['--version'], run);
    return /^v(\S+)/.exec(ran?.stdout ?? '')?.[1];
  },
  async shakeHands({ host, port, serverName }, run) {
    const ran = await runProgram('node', ['-e', SCRIPT, host, String(port), serverName], run);
    return readHandshake(ran?.stdout ?? '');
  },
});
