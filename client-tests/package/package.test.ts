import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { lowestNode, unbundled } from '../../scripts/bundle.ts';
import { openClient } from '../typescript/support/client.ts';
import { openFolder } from '../typescript/support/command-line.ts';
import { TASKS, textOnly } from '../typescript/support/tasks.ts';
import { findModules, typesIn } from './modules.ts';
import { execute, installInto, installNode, packInto } from './package.ts';

const LIMIT_MS = 120_000;
const MAX_TARBALL_BYTES = 3_000_000;
const EXECUTABLE = 0o111;

/** All that may be in the tarball. */
const kinds = {
  'what every package has': /^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
  'bundled scenarios': /^scenarios\/[a-z0-9-]+\.yaml$/,
  'the licences of what is bundled': /^dist\/THIRD-PARTY-LICENSES$/,
  'their schema': /^scenarios\/scenario\.schema\.json$/,
  'the command line': /^dist\/(main|command-line\/[\w-]+)\.js$/,
  'modules and their types': /^dist\/([a-z0-9-]+\/)*[a-z0-9-]+(\.js|\.d\.ts)$/,
  'videos, pictures and a sound': /^dist\/seedance\/media\/(\d+x\d+\.(mp4|jpg)|sound\.m4a)$/,
  'schemas of callbacks': /^dist\/seedance\/contract\/[a-z0-9-]+\.avsc$/,
};

const scratch = await openFolder();
afterAll(() => scratch[Symbol.asyncDispose]());
const tarball = await packInto(scratch.path);
const paths = tarball.files.map(({ path }) => path);

const { typescript, '@types/node': node, vitest, testcontainers } = packageJson.devDependencies;
const beside = Object.entries({ typescript, '@types/node': node, vitest, testcontainers });
const empty = await openProject('empty', tarball.path);
const typed = empty && (await openProject('typed', tarball.path, ...beside.map((entry) => entry.join('@'))));

async function openProject(name: string, ...packages: readonly string[]) {
  const folder = scratch.at(name);
  await mkdir(folder);
  await scratch.write(`${name}/package.json`, '{ "private": true }\n');
  return installInto(folder, ...packages);
}

describe('the tarball', () => {
  test('has what is needed and nothing else', () => {
    const patterns = Object.values(kinds);

    expect(paths.filter((path) => !patterns.some((pattern) => pattern.test(path)))).toEqual([]);
    expect(patterns.filter((pattern) => !paths.some((path) => pattern.test(path)))).toEqual([]);
    expect(paths.filter((path) => /(^|\/)testing\./.test(path))).toEqual([]);
    expect(tarball.size).toBeLessThan(MAX_TARBALL_BYTES);
  });

  test('has every bundled scenario', () => {
    expect(paths.filter((path) => path.startsWith('scenarios/')).toSorted()).toEqual(
      readdirSync('scenarios')
        .map((file) => `scenarios/${file}`)
        .toSorted(),
    );
  });

  test('has the licences of what is bundled, and the image has them too', async () => {
    expect(readFileSync('dist/THIRD-PARTY-LICENSES', 'utf8')).toMatch(/^zod \S+ \(MIT\)$/m);

    await execute(process.cwd(), process.execPath, 'scripts/assemble-image.ts', scratch.at('image'));

    expect(readdirSync(scratch.at('image/dist'))).toContain('THIRD-PARTY-LICENSES');
  });

  test('has its media once', () => {
    const media = paths.filter((path) => kinds['videos, pictures and a sound'].test(path));
    const digests = media.map((path) => createHash('sha256').update(readFileSync(path)).digest('hex'));
    expect(new Set(digests).size).toBe(media.length);
  });

  test('has a command that can be run', () => {
    const command = tarball.files.find(({ path }) => path === packageJson.bin['seedance-mock']);
    expect((command?.mode ?? 0) & EXECUTABLE).toBe(EXECUTABLE);
  });

  test.each([
    ['publint', 'run', '--strict'],
    // CommonJS can require it too, as a test below shows; attw goes by Node before 22, which could not.
    ['attw', '--profile', 'esm-only'],
  ])('is in order, says %s', { timeout: LIMIT_MS }, async (program, ...args) => {
    await execute(process.cwd(), join('node_modules/.bin', program), ...args, tarball.path);
  });
});

describe('its modules', async () => {
  const exported = Object.values(packageJson.exports).flatMap((entry) =>
    typeof entry === 'string' ? [] : entry.default.slice('./'.length),
  );
  const modules = await findModules(...exported);
  const commandLine = await findModules(packageJson.bin['seedance-mock']);
  const types = paths.filter((path) => path.endsWith('.d.ts'));

  test('are all imported by another, but for those that have only types', () => {
    const imported = new Set([...modules.paths, ...commandLine.paths]);
    const others = paths.filter((path) => path.endsWith('.js') && !imported.has(path));

    expect([...imported].filter((path) => !paths.includes(path))).toEqual([]);
    for (const path of others) expect(readFileSync(path, 'utf8'), path).toBe('export {};\n');
    expect(modules.paths.filter((path) => !types.includes(path.replace(/\.js$/, '.d.ts')))).toEqual([]);
  });

  test('import what package.json depends on, and nothing else', () => {
    const { dependencies, optionalDependencies, peerDependencies } = packageJson;
    const declared = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });

    expect(new Set([...modules.packages, ...types.flatMap(typesIn)])).toEqual(new Set(declared));
  });

  test('are bundled for the command line with all packages but those that the image installs', () => {
    expect(commandLine.packages).toEqual(unbundled);
  });
});

const START = `
  const server = await startMockServer({ scenario: 'lost-create' });
  console.log(server.lane.scenario.name);
  await server.close();
`;

describe.runIf(empty !== undefined)('in an empty project', { timeout: LIMIT_MS }, () => {
  const project = empty as NonNullable<typeof empty>;
  const npx = (...args: readonly string[]) => project.run('npx', '--no', '--', 'seedance-mock', ...args);

  test('npx seedance-mock tells its version', async () => {
    expect(await npx('--version')).toBe(`${packageJson.version}\n`);
  });

  test('npx seedance-mock lists faults, checks and scenarios', async () => {
    expect(await npx('list')).toMatch(/^ *goaway .*^ *no-duplicate-creates .*^ *lost-create /ms);
  });

  test('npx seedance-mock serves a bundled scenario', async () => {
    await using mock = project.startMock('serve', 'poll-reset', '--port', '0', '--admin-port', '0', '--log', 'json');
    const { url, caFile, pid } = JSON.parse((await mock.hear()) ?? expect.fail((await mock.ended).stderr));
    await using client = await openClient({ url, ca: readFileSync(caFile, 'utf8') });

    expect((await client.get(TASKS)).status).toBe(200);

    process.kill(pid, 'SIGTERM');
    expect((await mock.ended).exitCode).toBe(0);
  });

  test('an ES module imports it', async () => {
    await project.write('start.mjs', `import { startMockServer } from 'seedance-mock';${START}`);
    expect(await project.run('node', 'start.mjs')).toBe('lost-create\n');
  });

  test('a CommonJS module requires it', async () => {
    await project.write(
      'start.cjs',
      `const { startMockServer } = require('seedance-mock');\nvoid (async () => {${START}})();\n`,
    );
    expect(await project.run('node', 'start.cjs')).toBe('lost-create\n');
  });
});

/** Parses files as ES modules, and prints how many. */
const PARSE = `
  const { readFileSync } = require('node:fs');
  const { SourceTextModule } = require('node:vm');
  const files = process.argv.slice(1);
  for (const identifier of files) new SourceTextModule(readFileSync(identifier, 'utf8'), { identifier });
  console.log(files.length);
`;

/** Creates one task, over HTTP/2. */
const CREATE = `
  import { connect } from 'node:http2';
  const { origin, pathname } = new URL(process.env.ARK_BASE_URL);
  const session = connect(origin);
  const headers = { ':method': 'POST', ':path': pathname + '/contents/generations/tasks', authorization: 'Bearer x' };
  const call = session.request({ ...headers, 'content-type': 'application/json' });
  call.on('close', () => session.close()).resume().end('${JSON.stringify(textOnly)}');
`;

// The lowest that package.json names, the one that runs these tests, and the newest.
describe.each(empty ? [lowestNode, '24', '26'] : [])('on Node %s', { timeout: LIMIT_MS }, async (version) => {
  const project = empty as NonNullable<typeof empty>;
  const node = (await installNode(scratch.at(`node-${version}`), version)) ?? '';
  const run = (...args: readonly string[]) => project.run(node, ...args);
  const mock = (...args: readonly string[]) => run(join(project.installed, 'dist/main.js'), ...args);

  test.runIf(node)('it is the version that was asked for', async () => {
    expect((await run('--version')).startsWith(`v${version}.`)).toBe(true);
  });

  test.runIf(node)('every module is read', async () => {
    const files = paths.filter((path) => path.endsWith('.js')).map((path) => join(project.installed, path));
    const options = ['--experimental-vm-modules', '--no-warnings', '--eval', PARSE, '--'];
    expect(await run(...options, ...files)).toBe(`${files.length}\n`);
  });

  test.runIf(node)('the command line tells its version', async () => {
    expect(await mock('--version')).toBe(`${packageJson.version}\n`);
  });

  test.runIf(node)('the command line validates a scenario', async () => {
    expect(await mock('validate', 'healthy')).toBe('ok healthy: healthy, 0 faults\n');
  });

  test.runIf(node)('the command line judges a client', async () => {
    await project.write('creates.yaml', 'expect: [ no-duplicate-creates ]\n');
    await project.write('create.mjs', CREATE);

    expect(await mock('run', 'creates.yaml', '--settle', '0', '--', node, 'create.mjs')).toMatch(
      /^pass no-duplicate-creates .*^pass: 1 passed, .*^command: exit code 0$/ms,
    );
  });

  test.runIf(node)('an ES module imports it', async () => {
    await project.write('start.mjs', `import { startMockServer } from 'seedance-mock';${START}`);
    expect(await run('start.mjs')).toBe('lost-create\n');
  });

  test.runIf(node)('a CommonJS module requires it', async () => {
    await project.write(
      'start.cjs',
      `const { startMockServer } = require('seedance-mock');\nvoid (async () => {${START}})();\n`,
    );
    expect(await run('start.cjs')).toBe('lost-create\n');
  });
});

const VIDEO_TEST = `
import { expect, test } from 'vitest';
import { type MockServer, startMockServer } from 'seedance-mock';
import { SeedanceMockContainer } from 'seedance-mock/testcontainers';
import 'seedance-mock/vitest';

test('a quiet server', async () => {
  await using server: MockServer = await startMockServer({ scenario: { expect: ['alpn-offered'] } });
  const seed: number = server.seed;
  expect(seed).toBeGreaterThanOrEqual(0);
  await expect(expect(server).toPassVerdict()).rejects.toThrow('inconclusive');
  expect(new SeedanceMockContainer('seedance-mock')).toBeInstanceOf(SeedanceMockContainer);

  // None of them is \`any\`.
  // @ts-expect-error there is no such option
  const misspelt: Parameters<typeof startMockServer>[0] = { scenari: 'healthy' };
  // @ts-expect-error there is no such method
  expect(() => new SeedanceMockContainer('seedance-mock').withoutFaults()).toThrow();
  expect(misspelt).toBeDefined();
});
`;

describe.runIf(typed !== undefined)(
  'in a project with TypeScript, Vitest and Testcontainers',
  { timeout: LIMIT_MS },
  () => {
    const project = typed as NonNullable<typeof typed>;

    test.each([
      { moduleResolution: 'nodenext', module: 'nodenext' },
      { moduleResolution: 'bundler', module: 'esnext' },
    ])('its types are found, and hold, by $moduleResolution', async (resolution) => {
      await project.write('video.test.mts', VIDEO_TEST);
      // The declarations of the package and of all that it leads to are checked too: what they do not find would be \`any\`.
      const compilerOptions = {
        ...resolution,
        target: 'esnext',
        types: ['node'],
        strict: true,
        skipLibCheck: false,
        noEmit: true,
      };
      await project.write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['video.test.mts'] }));

      await project.run('npx', '--no', '--', 'tsc');
    });

    test('Vitest runs a test with it', async () => {
      await project.write('video.test.mts', VIDEO_TEST);
      expect(await project.run('npx', '--no', '--', 'vitest', 'run')).toMatch(/1 passed/);
    });
  },
);
