import { runProgram } from '../programs.ts';
import { examineTrust } from './trust.ts';

/** Exit codes of curl(1). */
const CANNOT_VERIFY = 60;
const CANNOT_READ_CA = 77;
const LIMIT_S = '8';

/** curl, and what is built on libcurl. */
export const trustCurl = examineTrust('trust-curl', {
  program: 'curl',
  variable: 'CURL_CA_BUNDLE',
  setting: 'export CURL_CA_BUNDLE=$PWD/ca.pem',
  blindness: '`insecure` in ~/.curlrc',
  async version(run) {
    const ran = await runProgram('curl', ['--version'], run);
    return /^curl (\S+)/.exec(ran?.stdout ?? '')?.[1];
  },
  async shakeHands({ host, port, serverName }, run) {
    const bracket = (name: string) => (name.includes(':') ? `[${name}]` : name);
    const quiet = ['-sS', '-o', '/dev/null', '--noproxy', '*', '--max-time', LIMIT_S];
    const way = ['--connect-to', `::${bracket(host)}:${port}`, `https://${bracket(serverName)}:${port}/`];
    const ran = await runProgram('curl', [...quiet, ...way], run);
    const why =
      ran?.stderr
        .trim()
        .split('\n')[0]
        ?.replace(/^curl: /, '') ?? '';
    if (ran?.exitCode === 0) return { kind: 'trusted' };
    return { kind: [CANNOT_VERIFY, CANNOT_READ_CA].includes(ran?.exitCode ?? -1) ? 'refused' : 'failed', why };
  },
});
