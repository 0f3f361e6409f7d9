import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { whyNoOpenSsl } from './openssl.ts';

/** Loaded before all else: koffi is not there. */
const WITHOUT_KOFFI = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === 'koffi') throw new Error("Cannot find module 'koffi'");
      return next(specifier, context);
    },
  });`)}`;

test('OpenSSL is within reach where koffi is', () => expect(whyNoOpenSsl()).toBeUndefined());

test('without koffi each fault that takes it is refused where it stands, and no other', () => {
  const folder = mkdtempSync(join(tmpdir(), 'seedance-mock-openssl-'));
  const file = join(folder, 'scenario.yaml');
  writeFileSync(
    file,
    `faults:
  - on: handshake
    inject:
      - early-data: { advertise: 100 }
  - on: handshake
    inject: [alpn-select: { protocol: h3 }]
  - on: handshake
    inject: [no-tickets]
  - on: handshake
    inject: [alpn-select: { protocol: none }, certificate: expired]
`,
  );
  const ran = spawnSync(process.execPath, ['--import', WITHOUT_KOFFI, 'server/main.ts', 'validate', file], {
    encoding: 'utf8',
  });
  rmSync(folder, { recursive: true });

  const said = `${ran.stdout}${ran.stderr}`;
  expect(ran.status).toBe(2);
  expect(said.match(/scenario\.yaml:\S+ +OPENSSL_OUT_OF_REACH/g)).toEqual([
    'scenario.yaml:4:9  OPENSSL_OUT_OF_REACH',
    'scenario.yaml:6:14  OPENSSL_OUT_OF_REACH',
    'scenario.yaml:8:14  OPENSSL_OUT_OF_REACH',
  ]);
  expect(said).toContain(
    `"early-data" has to reach into the OpenSSL inside Node, and cannot: Cannot find module 'koffi'.`,
  );
  expect(said).toContain('npm install koffi');
});
