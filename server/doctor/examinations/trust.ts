import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Examination, type Finding, fail, ok, unknown, warn } from '../examination.ts';
import type { RunSetting } from '../programs.ts';
import type { Door, Subject } from '../subject.ts';

/** Programs start slowly on a busy machine, and each is started three times. */
const LIMIT_MS = 12_000;

/** What a program makes of a server's certificate. */
export type Handshake =
  | { readonly kind: 'trusted' }
  /** `failed`: it did not get that far. */
  | { readonly kind: 'refused' | 'failed'; readonly why: string };

/** A program, or a language, that has its own idea of whom to trust. */
export interface TrustingProgram {
  /** As it is called on the command line. */
  readonly program: string;
  /** How its setting is called, by which `run` makes it trust the CA. */
  readonly variable: string;
  /** How the setting is made, for somebody who has the CA in ca.pem. */
  readonly setting: string;
  /** What lets it trust anybody. */
  readonly blindness: string;
  readonly limitMs?: number;
  /** Its version; nothing where it is not there. */
  readonly version: (run: RunSetting) => Promise<string | undefined>;
  /** Opens one TLS connection, and checks the certificate as it does for everybody. */
  readonly shakeHands: (door: Door, run: Required<RunSetting>) => Promise<Handshake>;
}

/** An examination of what a program makes of the server's CA: as things are, and as `run` sets them. */
export function examineTrust(name: string, tried: TrustingProgram): Examination {
  return {
    name,
    summary: `${tried.program} trusts the CA, with ${tried.variable} and without.`,
    limitMs: tried.limitMs ?? LIMIT_MS,
    async examine(subject, signal) {
      const version = await tried.version({ signal });
      if (version === undefined) return ok(`no ${tried.program} here`);
      const { peer, trouble } = await subject.approach;
      if (peer === undefined) return unknown(`nobody answers: ${trouble}`);
      const { admin, ca, kind } = subject;
      // Without a lane these would be clients of the server, and judged as such.
      if (!admin.lane || ca === undefined) {
        return unknown('the server gave no lane to try it in', 'Name its admin API with --admin (and --admin-token).');
      }
      const [told, untold] = await Promise.all([
        shakeHandsAsRun(tried, { ...subject, ca }, signal),
        tried.shakeHands(subject.door, { env: process.env, signal }),
      ]);
      return judgeTrust({ ...tried, version, kind, adminUrl: admin.url, told, untold });
    },
  };
}

async function shakeHandsAsRun(
  { program, shakeHands }: TrustingProgram,
  { ca, door, trustEnvironment }: Pick<Subject, 'door' | 'trustEnvironment'> & { readonly ca: string },
  signal: AbortSignal,
): Promise<Handshake> {
  const folder = await mkdtemp(join(tmpdir(), 'seedance-mock-doctor-'));
  try {
    const caFile = join(folder, 'ca.pem');
    await writeFile(caFile, ca);
    const env = { ...process.env, ...(await trustEnvironment(caFile, [program])) };
    return await shakeHands(door, { env, signal });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Seen extends Pick<TrustingProgram, 'program' | 'variable' | 'setting' | 'blindness'>, Pick<Subject, 'kind'> {
  readonly version: string;
  readonly adminUrl: string;
  /** With the variables of `run`. */
  readonly told: Handshake;
  /** As things are. */
  readonly untold: Handshake;
}

/** Judges both handshakes. The mock in this process made its CA a moment ago: nobody can trust it who was not told to. */
export function judgeTrust({
  program,
  version,
  variable,
  setting,
  blindness,
  kind,
  adminUrl,
  told,
  untold,
}: Seen): Finding {
  const seen = `${program} ${version}`;
  for (const one of [told, untold]) {
    if (one.kind === 'failed') return unknown(`${seen} got no handshake: ${one.why}`);
  }
  if (told.kind === 'refused') {
    return fail(
      `${seen} does not trust the CA, although ${variable} names it: ${told.why}`,
      `See whether a wrapper or a setting of its own overrides ${variable}.`,
    );
  }
  const trusts = untold.kind === 'trusted';
  if (kind === 'machine') {
    return trusts
      ? warn(`${seen} trusts anybody: its check of certificates is off`, `Look for ${blindness}.`)
      : ok(`${seen} trusts the CA with ${variable}, as \`run\` sets it, and not without`);
  }
  if (trusts) return ok(`${seen} trusts the server as things are`);
  return warn(
    `${seen} does not trust the server as things are; with ${variable} it does`,
    `curl -so ca.pem ${adminUrl}/ca.pem && ${setting}`,
  );
}

/** What the scripts of ours print: `trusted`, `refused: WHY`, or `failed: WHY`. */
export function readHandshake(stdout: string): Handshake {
  const [, word, why = ''] = /^(trusted|refused|failed)(?:: (.*))?$/m.exec(stdout) ?? [];
  if (word === 'trusted') return { kind: 'trusted' };
  if (word === 'refused') return { kind: 'refused', why };
  return { kind: 'failed', why: word === 'failed' ? why : 'it said nothing' };
}
