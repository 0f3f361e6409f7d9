/** How a command failed: `code` is ENOENT when there is no such program, EPERM when the user lacks a
 * permission. */
interface Failed {
  readonly code?: unknown;
  readonly stdout?: string;
  readonly stderr?: string;
}

/**
 * Says in one line why the tests of a language are left out: its toolchain is missing, or a registry does not answer.
 *
 * @param tool the program that was called
 * @param error what `execFile` rejected with
 * @throws Error on CI where the failure is another one: a set-up that fails must not look like one
 * that was left out
 */
export function leaveOut(language: string, tool: string, error: unknown): void {
  const { code, stderr = '', stdout = '' } = error as Failed;
  const missing = code === 'ENOENT';
  const said = (stderr || stdout).trim();
  if (process.env.CI && !missing && code !== 'EPERM')
    throw new Error(`${tool} cannot set up the ${language} tests:\n${said}`, { cause: error });
  const reason = missing ? `there is no ${tool}` : said.split('\n').at(-1) || String(error);
  console.log(`${language} tests are left out: ${reason}`);
}
