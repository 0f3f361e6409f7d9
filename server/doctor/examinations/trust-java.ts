import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../programs.ts';
import { examineTrust, readHandshake } from './trust.ts';

/** A JVM compiles the program below and makes a trust store first. */
const LIMIT_MS = 25_000;

/** A JVM that lives for a second has no use for its best compiler; those that do not know these options pass over them. */
const HASTE = ['-XX:+IgnoreUnrecognizedVMOptions', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

/** Run from its source (JEP 330): `java` alone will do. */
const PROGRAM = `
import java.net.Socket;
import java.security.cert.CertificateException;
import javax.net.ssl.*;

public class Handshake {
  public static void main(String[] args) throws Exception {
    int port = Integer.parseInt(args[1]);
    SSLSocketFactory factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
    try (SSLSocket socket = (SSLSocket) factory.createSocket(new Socket(args[0], port), args[2], port, true)) {
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      parameters.setApplicationProtocols(new String[] {"h2"});
      socket.setSSLParameters(parameters);
      socket.startHandshake();
      System.out.println("trusted");
    } catch (Exception error) {
      boolean refused = error instanceof SSLHandshakeException && error.getCause() instanceof CertificateException;
      System.out.println((refused ? "refused: " : "failed: ") + error.getMessage());
    }
  }
}
`;

/** The JVM and what runs on it: it knows no variable for a CA, but one for its options. */
export const trustJava = examineTrust('trust-java', {
  program: 'java',
  variable: 'JAVA_TOOL_OPTIONS',
  setting:
    'keytool -importcert -noprompt -alias seedance-mock -file ca.pem -keystore trust.jks -storepass changeit && export JAVA_TOOL_OPTIONS="-Djavax.net.ssl.trustStore=$PWD/trust.jks"',
  blindness: 'a security provider of your own in java.security',
  limitMs: LIMIT_MS,
  async version(run) {
    const ran = await runProgram('java', ['-version'], run);
    return ran?.exitCode === 0 ? /version "([^"]+)"/.exec(ran.stderr)?.[1] : undefined;
  },
  async shakeHands({ host, port, serverName }, run) {
    const folder = await mkdtemp(join(tmpdir(), 'seedance-mock-doctor-'));
    try {
      const file = join(folder, 'Handshake.java');
      await writeFile(file, PROGRAM);
      const ran = await runProgram('java', [...HASTE, file, host, String(port), serverName], run);
      // A runtime without a compiler, or a JVM before 11.
      if (ran?.exitCode === 0) return readHandshake(ran.stdout);
      return { kind: 'failed', why: ran?.stderr.match(/^.*error.*$/im)?.[0] ?? 'java cannot run a source file' };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
});
