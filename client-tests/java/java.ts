import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { MockServer } from '../../server/index.ts';
import { leaveOut } from '../cli/leave-out.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
/** Enough for the first time, on a slow machine that has to fetch every artifact. */
const SET_UP_LIMIT_MS = 300_000;

const maven = (project: string, ...goals: readonly string[]) =>
  promisify(execFile)('mvn', ['--batch-mode', '--quiet', ...goals], { cwd: project, timeout: SET_UP_LIMIT_MS });

/**
 * Compiles the clients of this folder into a part of `target`. Maven's own repository makes all but the first time quick. Each
 * test file names a part of its own, so that no class is replaced while another test runs it.
 *
 * @param folder of a project of its own; left out: the one here
 * @returns the class path; undefined where there is no Java or Maven, or the artifacts cannot be had, and one line says why
 * @throws Error with what the compiler says; where CI has Maven, also with why the artifacts cannot be had
 */
export async function buildJavaClients(part: string, folder = '.'): Promise<string | undefined> {
  const project = join(here, folder);
  const output = `target/${part}`;
  try {
    await maven(project, 'dependency:build-classpath', `-Dmdep.outputFile=${output}/classpath.txt`);
  } catch (error) {
    leaveOut('Java', 'mvn', error);
    return undefined;
  }
  await maven(project, 'compile', `-Doutput=${output}`);
  const libraries = await readFile(join(project, output, 'classpath.txt'), 'utf8');
  return `${join(project, output, 'classes')}:${libraries.trim()}`;
}

/** The store of each server, which may be wanted by several JVMs at once. */
const stores = new WeakMap<MockServer, Promise<string>>();

/** Makes a store that holds the server's CA. It goes with the server. */
async function makeStore({ caFile }: MockServer): Promise<string> {
  const store = join(dirname(caFile), 'trust.p12');
  const secret = ['-storetype', 'PKCS12', '-storepass', 'changeit'];
  await promisify(execFile)('keytool', [
    ...['-importcert', '-noprompt', '-alias', 'seedance-mock', '-file', caFile, '-keystore', store],
    ...secret,
  ]);
  return store;
}

/** What runs a client's main class: a JVM that trusts the server's CA. */
export async function java(server: MockServer, classpath: string, ...words: readonly string[]): Promise<string[]> {
  const making = stores.get(server) ?? makeStore(server);
  stores.set(server, making);
  const store = await making;
  const trust = [`-Djavax.net.ssl.trustStore=${store}`, '-Djavax.net.ssl.trustStorePassword=changeit'];
  // Short lives: what the optimizing compiler does would never pay.
  return ['java', '-XX:TieredStopAtLevel=1', ...trust, '-cp', classpath, ...words];
}
