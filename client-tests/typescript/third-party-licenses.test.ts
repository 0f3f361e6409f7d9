import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'rolldown';
import { describe, expect, test } from 'vitest';
import { LICENSES_FILE, unbundled } from '../../scripts/bundle.ts';
import { findBundledPackages, renderLicenses } from '../../scripts/licenses.ts';
import { commandLine, openFolder } from './support/command-line.ts';

/** The packages whose code is in the bundle, as its source maps know them. */
async function packagesInBundle(): Promise<ReadonlySet<string>> {
  const { output } = await build({
    input: 'server/main.ts',
    platform: 'node',
    external: [...unbundled],
    logLevel: 'silent',
    write: false,
    output: { sourcemap: true },
  });
  const sources = output.flatMap((part) => (part.type === 'chunk' ? (part.map?.sources ?? []) : []));
  return new Set(sources.flatMap((source) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1] ?? []));
}

test('each package in the bundle is listed beside it, with its licence', async () => {
  const licenses = await readFile(join(dirname(commandLine), LICENSES_FILE), 'utf8');
  const listed = new Set([...licenses.matchAll(/^(\S+) \d+\.\d+\.\d+\S*(?: \(.+\))?$/gm)].map(([, name]) => name));

  const bundled = await packagesInBundle();
  expect(bundled.size).toBeGreaterThan(50);
  expect([...bundled].filter((name) => !listed.has(name))).toEqual([]);
  // The helper functions of the bundler.
  expect(listed).toContain('rolldown');
  expect(unbundled.filter((name) => listed.has(name))).toEqual([]);
  expect(listed).not.toContain('vitest');
  expect(licenses).toMatch(/^zod \S+ \(MIT\)\n {2}http\S+$/m);
  expect(licenses).toMatch(/^mediabunny \S+ \(MPL-2\.0\)\n {2}\S+github\.com\/\S+$/m);
});

describe('a package', async () => {
  const moduleIn = async (packages: Readonly<Record<string, string>>) => {
    const folder = await openFolder();
    for (const [file, text] of Object.entries(packages)) {
      await mkdir(dirname(folder.at(`node_modules/${file}`)), { recursive: true });
      await folder.write(`node_modules/${file}`, text);
    }
    return Object.assign(folder, {
      find: (...ids: readonly string[]) =>
        findBundledPackages(
          ids.map((id) => folder.at(id)),
          folder.path,
        ),
    });
  };
  const json = (fields: object) => JSON.stringify({ name: 'a', version: '1.0.0', ...fields });

  test('without a licence fails the build', async () => {
    await using none = await moduleIn({ 'a/package.json': json({}), 'a/index.js': '' });
    expect(() => none.find('node_modules/a/index.js')).toThrow('a 1.0.0 has no licence text');

    await using named = await moduleIn({ 'a/package.json': json({ license: 'Apache-2.0' }), 'a/index.js': '' });
    expect(() => named.find('node_modules/a/index.js')).toThrow('a 1.0.0 has no licence text');
  });

  test('that only names MIT is listed with the text of MIT and its author', async () => {
    const author = 'Ann <ann@example.com>';
    await using folder = await moduleIn({ 'a/package.json': json({ license: 'MIT', author }) });

    expect(renderLicenses(folder.find('node_modules/a/index.js'))).toMatch(
      /^a 1\.0\.0 \(MIT\)\n-+\n\nMIT License\n\nCopyright \(c\) Ann <ann@example\.com>\n\nPermission is hereby granted/m,
    );
  });

  test('is listed with all its licences and notices, and those of code of others in it', async () => {
    await using folder = await moduleIn({
      'a/package.json': json({ repository: { url: 'git+https://example.com/a.git' } }),
      'a/LICENSE-APACHE': 'licence of a',
      'a/NOTICE.txt': 'notice of a',
      'a/lib/vendored/license.md': 'licence of b',
      'a/other/LICENSE': 'of what is not bundled',
    });

    const [found, ...others] = folder.find(
      'node_modules/a/lib/vendored/b.js',
      'node_modules/a/index.js',
      'server/c.ts',
    );

    expect(others).toEqual([]);
    expect(found).toMatchObject({ name: 'a', version: '1.0.0', source: 'https://example.com/a.git' });
    expect(found?.texts).toEqual(['licence of a', 'notice of a', 'licence of b']);
  });

  test('in two versions is listed twice, and a text that several have once', async () => {
    await using folder = await moduleIn({
      'a/package.json': json({}),
      'a/LICENSE': 'the same',
      'b/node_modules/@c/a/package.json': json({ name: '@c/a', version: '2.0.0', license: 'ISC' }),
      'b/node_modules/@c/a/LICENSE': 'the same',
    });

    const rendered = renderLicenses(folder.find('node_modules/a/x.js', 'node_modules/b/node_modules/@c/a/y.js'));

    expect(rendered).toMatch(/\n@c\/a 2\.0\.0 \(ISC\)\na 1\.0\.0\n-+\n\nthe same\n$/);
  });
});
