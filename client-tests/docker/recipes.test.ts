import { describe, expect, test } from 'vitest';
import { startProgram } from '../cli/run-client.ts';
import { buildGoClient } from '../go/go.ts';
import { buildJavaClients } from '../java/java.ts';
import { findPython, script } from '../python/python.ts';
import { dockerIsReady, image } from './docker.ts';

const LIMIT_MS = 120_000;

/** What runs the recipe of a language; undefined where its toolchain is missing, or Docker. */
const commands = {
  Python: await findRecipe(findPython, (python) => [python, script('testcontainers_recipe.py')]),
  Go: await findRecipe(
    () => buildGoClient('testcontainers-recipe', 'testcontainers'),
    (program) => [program],
  ),
  Java: await findRecipe(
    () => buildJavaClients('recipe', 'testcontainers'),
    (classpath) => ['java', '-cp', classpath, 'Recipe'],
  ),
};

async function findRecipe(
  setUp: () => Promise<string | undefined>,
  command: (found: string) => readonly string[],
): Promise<readonly string[] | undefined> {
  const found = dockerIsReady ? await setUp() : undefined;
  return found === undefined ? undefined : command(found);
}

describe.each(Object.entries(commands))('Testcontainers for %s', (_language, command) => {
  test.runIf(command)(
    'starts the mock, makes a task over TLS, and reads the verdict',
    { timeout: LIMIT_MS },
    async () => {
      const environment = { SEEDANCE_MOCK_IMAGE: image, NO_PROXY: 'localhost', no_proxy: 'localhost' };
      await using recipe = startProgram(command ?? [], { ...process.env, ...environment }, { limitMs: LIMIT_MS });

      const { exitCode, stdout, stderr } = await recipe.ended;

      expect([exitCode, exitCode === 0 ? '' : stderr]).toEqual([0, '']);
      expect(JSON.parse(stdout)).toMatchObject({
        created: { id: expect.stringMatching(/^cgt-/) },
        report: {
          scenario: 'alpn-required',
          outcome: 'pass',
          clients: [{ connections: 1, requests: 1, resets: 0 }],
          checks: [{ check: 'alpn-offered' }, { check: 'no-h2c' }],
        },
      });
    },
  );
});
