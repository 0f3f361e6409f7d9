import { runProgram } from '../programs.ts';
import { examineTrust, readHandshake } from './trust.ts';

const LIMIT_S = 8;

const SCRIPT = `
import socket, ssl, sys
host, port, name = sys.argv[1:]
try:
    with socket.create_connection((host, int(port)), timeout=${LIMIT_S}) as raw:
        context = ssl.create_default_context()
        context.set_alpn_protocols(["h2"])
        with context.wrap_socket(raw, server_hostname=name):
            print("trusted")
except ssl.SSLCertVerificationError as error:
    print("refused:", error.verify_message)
except Exception as error:
    print("failed:", error)
`;

/** Python's own `ssl`, which httpx and aiohttp use; requests looks at REQUESTS_CA_BUNDLE in its place, which `run` sets as well. */
export const trustPython = examineTrust('trust-python', {
  program: 'python3',
  variable: 'SSL_CERT_FILE',
  setting: 'export SSL_CERT_FILE=$PWD/ca.pem REQUESTS_CA_BUNDLE=$PWD/ca.pem',
  blindness: 'a sitecustomize.py that sets ssl._create_default_https_context',
  async version(run) {
    const ran = await runProgram('python3', ['--version'], run);
    return ran?.exitCode === 0 ? /Python (\S+)/.exec(ran.stdout + ran.stderr)?.[1] : undefined;
  },
  async shakeHands({ host, port, serverName }, run) {
    const ran = await runProgram('python3', ['-c', SCRIPT, host, String(port), serverName], run);
    return readHandshake(ran?.stdout ?? '');
  },
});
