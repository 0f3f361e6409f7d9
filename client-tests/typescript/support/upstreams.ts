import { type MockServer, type ScenarioInput, type StartOptions, startMockServer } from '../../../server/index.ts';

/** A service to pass through to that is a mock as well: it lets anyone in and has no rules. */
export const startUpstream = (scenario: ScenarioInput = {}, options: StartOptions = {}) =>
  startMockServer({ seed: 1, clock: 'manual', profile: 'permissive', scenario, ...options });

/** A mock that passes through to it. Its own time stands still, too. */
export const startProxy = (
  { url, caFile }: Pick<MockServer, 'url' | 'caFile'>,
  scenario: ScenarioInput = {},
  options: StartOptions = {},
) =>
  startMockServer({
    seed: 7,
    clock: 'manual',
    profile: 'dual-stack',
    upstream: url,
    upstreamCa: caFile,
    scenario: { service: { idle: 'off' }, ...scenario },
    ...options,
  });

/** The body of what either client is answered. */
export const bodyOf = (answer: unknown): string => {
  const { text, body } = answer as { readonly text?: string; readonly body?: string };
  return text ?? body ?? '';
};
