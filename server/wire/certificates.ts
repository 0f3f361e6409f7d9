import { createHash, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import * as x509 from './x509.ts';

export const KEY = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
export const DAY_MS = 86_400_000;
/** Clients refuse server certificates that live longer than 825 days (Apple, since 2019). */
export const LEAF_DAYS = 397;
const CA_DAYS = 3_650;
/** Allows for a client whose clock is a little behind ours. */
const BACKDATED_MS = DAY_MS;
/** Addresses and names that every certificate holds for. */
export const ALWAYS_COVERED = ['localhost', '127.0.0.1', '::1', 'seedance-mock', 'host.docker.internal'];
const SUBJECT = 'CN=seedance-mock';
/** How many certificates for other names are kept; a name beyond that is given the one for localhost. */
const MAX_SERVER_NAMES = 256;

/** A private key and the certificates that go with it, PEM. */
export interface Leaf {
  readonly key: string;
  readonly cert: string;
}

let ofProcess: Promise<CertificateAuthority> | undefined;

/** A certificate authority made at start, and the certificates it signs. */
export class CertificateAuthority {
  /** The CA certificate, PEM. */
  readonly pem: string;
  readonly #certificate: x509.X509Certificate;
  readonly #key: webcrypto.CryptoKey;
  readonly #leafKeys: webcrypto.CryptoKeyPair;
  readonly #leafKeyPem: string;
  readonly #contexts = new Map<string, Promise<SecureContext>>();
  readonly #leaves = new Map<string, Promise<Leaf>>();
  #serial = 1;

  private constructor(
    certificate: x509.X509Certificate,
    key: webcrypto.CryptoKey,
    leafKeys: webcrypto.CryptoKeyPair,
    leafKeyPem: string,
  ) {
    this.pem = `${certificate.toString('pem')}\n`;
    this.#certificate = certificate;
    this.#key = key;
    this.#leafKeys = leafKeys;
    this.#leafKeyPem = leafKeyPem;
  }

  /** @param nowMs real time, Unix milliseconds: clients check validity against their own clocks */
  static async create(nowMs: number, name = 'CN=seedance-mock test CA'): Promise<CertificateAuthority> {
    const [caKeys, leafKeys] = await Promise.all([makeKeys(), makeKeys()]);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name,
      serialNumber: '01',
      notBefore: new Date(nowMs - BACKDATED_MS),
      notAfter: new Date(nowMs + CA_DAYS * DAY_MS),
      keys: caKeys,
      signingAlgorithm: KEY,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey),
      ],
    });
    return new CertificateAuthority(certificate, caKeys.privateKey, leafKeys, await privateKeyPem(leafKeys));
  }

  /** The one of this process: a test suite that starts a server for each test makes its keys once. */
  static ofProcess(nowMs: number): Promise<CertificateAuthority> {
    ofProcess ??= CertificateAuthority.create(nowMs);
    return ofProcess;
  }

  /** Key and chain for the names every server answers to, and for `names` besides; for the same names and day, the same. */
  issue(nowMs: number, ...names: readonly string[]): Promise<Leaf> {
    const covered = coveredNames(names);
    const key = [Math.floor(nowMs / DAY_MS), ...covered].join();
    const known = this.#leaves.get(key);
    if (known) return known;
    const leaf = this.issueFor(nowMs, covered).then(({ key, cert }) => ({ key, cert: `${cert}${this.pem}` }));
    this.#leaves.set(key, leaf);
    return leaf;
  }

  /** The same for these names and no others, and without the CA's own certificate in the chain. */
  async issueFor(nowMs: number, covered: readonly string[]): Promise<Leaf> {
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber:
        (++this.#serial).toString(16).padStart(2, '0') +
        createHash('sha256').update(covered.join()).digest('hex').slice(0, 14),
      // Not a name that a client asked for: it may break the syntax of a distinguished name (RFC 4514), and clients look
      // at the alternative names alone (RFC 9110, section 4.3.4).
      subject: SUBJECT,
      issuer: this.#certificate.subject,
      notBefore: new Date(nowMs - BACKDATED_MS),
      notAfter: new Date(nowMs + LEAF_DAYS * DAY_MS),
      publicKey: this.#leafKeys.publicKey,
      signingKey: this.#key,
      signingAlgorithm: KEY,
      extensions: [
        ...serverExtensions(covered),
        await x509.AuthorityKeyIdentifierExtension.create(this.#certificate),
        await x509.SubjectKeyIdentifierExtension.create(this.#leafKeys.publicKey),
      ],
    });
    return { key: this.#leafKeyPem, cert: `${certificate.toString('pem')}\n` };
  }

  /** What a client that asks for `serverName` is shown: it may have been pointed here by DNS or a hosts file. */
  contextFor(serverName: string, nowMs: number): Promise<SecureContext | undefined> {
    const name = serverName.toLowerCase();
    if (ALWAYS_COVERED.includes(name)) return Promise.resolve(undefined);
    const known = this.#contexts.get(name);
    if (known || this.#contexts.size >= MAX_SERVER_NAMES) return Promise.resolve(known);
    const context = this.issue(nowMs, name).then((leaf) => createSecureContext({ ...leaf, minVersion: 'TLSv1.2' }));
    this.#contexts.set(name, context);
    return context;
  }
}

/** These names, and those that every server answers to. */
export const coveredNames = (names: readonly string[]): readonly string[] => [
  ...new Set([...names, ...ALWAYS_COVERED]),
];

/** What the certificate of a server for these names says of itself. */
export const serverExtensions = (names: readonly string[]): x509.Extension[] => [
  new x509.BasicConstraintsExtension(false, undefined, true),
  new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
  new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
  new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value }))),
];

export const makeKeys = () =>
  webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;

export async function privateKeyPem({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', privateKey), 'PRIVATE KEY');
}
