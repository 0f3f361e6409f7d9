import { execFile } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { getCACertificates } from 'node:tls';
import { promisify } from 'node:util';
import { whyRefused } from '../files.ts';
import { noScratchFolder } from '../scratch-folder.ts';

const runProgram = promisify(execFile);

/** Variables that name the whole of what a program trusts. */
const WHOLE = ['SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'] as const;

/**
 * The variables that make a command of any language trust the server's CA **beside** all that it trusts already: a test that
 * fetches a package first must not fail for our sake.
 *
 * @param caFile the server's CA, PEM; what is made lies beside it and goes with it
 * @throws UsageError NO_SCRATCH_FOLDER when nothing more can be written there
 */
export async function trustEnvironment(caFile: string, command: readonly string[]): Promise<NodeJS.ProcessEnv> {
  const folder = dirname(caFile);
  const bundle = join(folder, 'bundle.pem');
  const extra = join(folder, 'extra.pem');
  const [before, extraBefore] = await Promise.all([trustedBefore(), readNamed(['NODE_EXTRA_CA_CERTS'])]);
  try {
    const ca = await readFile(caFile, 'utf8');
    await writeFile(bundle, [ca, ...before].join('\n'));
    await writeFile(extra, [ca, ...extraBefore].join('\n'));
  } catch (error) {
    throw noScratchFolder([`${folder} (${whyRefused(error)})`]);
  }
  return {
    NODE_EXTRA_CA_CERTS: extra,
    ...Object.fromEntries(WHOLE.map((name) => [name, bundle])),
    ...(command.some(callsJava) && (await trustOfJava(caFile))),
  };
}

async function trustedBefore(): Promise<readonly string[]> {
  const named = await readNamed(WHOLE);
  if (named.length > 0) return named;
  const system = getCACertificates('system');
  return system.length > 0 ? system : getCACertificates('bundled');
}

/** The files that these variables name now. One that cannot be read is no trust that could be lost. */
async function readNamed(variables: readonly string[]): Promise<readonly string[]> {
  const files = new Set(variables.flatMap((name) => process.env[name] || []));
  const texts = await Promise.all([...files].map((file) => readFile(file, 'utf8').catch(() => '')));
  return texts.filter(Boolean);
}

/** Also within `sh -c "mvn test"`. */
const callsJava = (word: string): boolean =>
  word.split(/\s+/).some((part) => /^(java|mvnw?|gradlew?|kotlin|sbt)(\.(exe|cmd|bat))?$/.test(basename(part)));

/** A JVM knows no variable for a CA: it gets a trust store, its own and our CA, where there is the tool to make one. */
async function trustOfJava(caFile: string): Promise<NodeJS.ProcessEnv> {
  const store = join(dirname(caFile), 'trust.jks');
  const secret = ['-storepass', 'changeit'];
  const told = await runProgram('java', ['-XshowSettings:properties', '-version']).catch(() => undefined);
  const home = told?.stderr.match(/java\.home = (.+)/)?.[1];
  if (home !== undefined) await cp(join(home, 'lib/security/cacerts'), store, { dereference: true }).catch(() => {});
  const entry = ['-importcert', '-noprompt', '-alias', 'seedance-mock', '-file', caFile];
  try {
    await runProgram('keytool', [...entry, '-keystore', store, ...secret]);
  } catch {
    return {};
  }
  const trust = `-Djavax.net.ssl.trustStore=${store} -Djavax.net.ssl.trustStorePassword=changeit`;
  return { JAVA_TOOL_OPTIONS: `${process.env.JAVA_TOOL_OPTIONS ?? ''} ${trust}`.trim() };
}
