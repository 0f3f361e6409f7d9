import { printableLine, printableText } from './printable.ts';

/** Where in a file a problem stands; line and column count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One problem, the same on stderr and in JSON. */
export interface Problem {
  readonly code: ProblemCode;
  readonly status: number;
  readonly message: string;
  readonly hint: string;
  readonly at?: Position;
  /** The line it stands on, with a caret under the place. */
  readonly excerpt?: string;
}

interface Kind<D> {
  readonly status: number;
  readonly message: (details: D) => string;
  readonly hint: (details: D) => string;
}

const kind = <D>(status: number, message: (details: D) => string, hint: (details: D) => string): Kind<D> => ({
  status,
  message,
  hint,
});

const didYouMean = ({ closest, known }: { closest: string | undefined; known: readonly string[] }) => {
  if (closest) return `Did you mean "${closest}"?`;
  return known.length > 0 ? `Known are: ${known.join(', ')}.` : 'There are none yet.';
};

const FREE_SPACE = 'Free some space there, or name a file on another disk.';
/** The way out when a file cannot be written, by the code of the system error. */
const waysToWrite: Readonly<Record<string, string>> = {
  ENOSPC: FREE_SPACE,
  EDQUOT: FREE_SPACE,
  EISDIR: 'This is a folder: name a file in it.',
};

/** Every problem we report: code, HTTP status, what is wrong, and the way out. */
export const problems = {
  YAML_SYNTAX: kind(
    400,
    (d: { reason: string }) => d.reason,
    () => 'The file is not valid YAML 1.2; check indentation, quotes and brackets near this place.',
  ),
  EMPTY_SCENARIO: kind(
    400,
    () => 'The scenario is empty.',
    () => 'Write `name: ...` to start from; `seedance-mock list scenarios` shows examples.',
  ),
  SCENARIO_TOO_LARGE: kind(
    400,
    (d: { given: string; limit: string; instead: string }) =>
      `The scenario has ${d.given}, over the limit of ${d.limit}.`,
    (d) => d.instead,
  ),
  MORE_PROBLEMS: kind(
    400,
    (d: { hidden: number }) => `At least ${d.hidden} more problems are not shown.`,
    () => 'Correct those above, then check it again.',
  ),
  DUPLICATE_KEY: kind(
    400,
    (d: { given: string }) => `The setting "${d.given}" stands here twice.`,
    () => 'Keep one of them.',
  ),
  UNKNOWN_KEY: kind(
    400,
    (d: { given: string; closest: string | undefined; known: readonly string[] }) =>
      `There is no setting "${d.given}" here.`,
    didYouMean,
  ),
  UNKNOWN_FAULT: kind(
    400,
    (d: {
      given: string;
      hook: string;
      closest: string | undefined;
      known: readonly string[];
      /** The hooks that do have a fault of this name. */
      elsewhere: readonly string[];
    }) => `No fault on "${d.hook}" is called "${d.given}".`,
    (d) =>
      d.elsewhere.length > 0
        ? `"${d.given}" strikes on ${d.elsewhere.join(', ')}: change \`on:\` to ${d.elsewhere.length > 1 ? 'one of them' : 'it'}.`
        : `${didYouMean(d)} \`seedance-mock list faults\` shows them all.`,
  ),
  UNKNOWN_CHECK: kind(
    400,
    (d: { given: string; closest: string | undefined; known: readonly string[] }) => `No check is called "${d.given}".`,
    (d) => `${didYouMean(d)} \`seedance-mock list checks\` shows them all.`,
  ),
  DUPLICATE_CHECK: kind(
    400,
    (d: { name: string }) => `"${d.name}" is expected twice.`,
    () => 'Keep one of them.',
  ),
  UNMEASURABLE: kind(
    400,
    (d: { check: string; reason: string }) => `"${d.check}" cannot be measured here: ${d.reason}.`,
    () => 'Leave it out, or choose a profile or service settings that let it be seen.',
  ),
  MISSING_KEY: kind(
    400,
    (d: { key: string; expected: string }) => `The setting "${d.key}" is missing.`,
    (d) => `Add \`${d.key}:\`. ${d.expected}`,
  ),
  INVALID_VALUE: kind(
    400,
    (d: { reason: string; expected: string }) => d.reason,
    (d) => d.expected,
  ),
  INVALID_DURATION: kind(
    400,
    (d: { given: string }) => `"${d.given}" is not a duration.`,
    () => 'Write a number and its unit: 250ms, 8s, 2m, 48h.',
  ),
  DURATION_TOO_LONG: kind(
    400,
    (d: { given: string; limit: string }) => `A duration of ${d.given} is over the limit of ${d.limit}.`,
    () => 'Write a shorter one, and let time pass faster with `clock: { speed: 20 }`.',
  ),
  DELAY_TOO_LONG: kind(
    400,
    (d: { given: string; limit: string }) => `A delay of ${d.given} is over the limit of ${d.limit}.`,
    () => 'Use `end: { at: headers, how: hang }` to outlast any client timeout.',
  ),
  CONTRADICTION: kind(
    400,
    (d: { reason: string; instead?: string | undefined }) => d.reason,
    (d) => d.instead ?? 'Split it into two faults, each with a `when` of its own.',
  ),
  DUPLICATE_NAME: kind(
    400,
    (d: { name: string }) => `Two faults are called "${d.name}".`,
    () => 'Give each fault a name of its own: the journal and the chance of a fault go by its name.',
  ),
  OPENSSL_OUT_OF_REACH: kind(
    400,
    (d: { fault: string; reason: string }) =>
      `"${d.fault}" has to reach into the OpenSSL inside Node, and cannot: ${d.reason}.`,
    () => 'Install the optional package with `npm install koffi`, or leave this fault out.',
  ),
  SCENARIO_NOT_FOUND: kind(
    404,
    (d: { given: string; closest: string | undefined; known: readonly string[] }) =>
      `There is no scenario file or bundled scenario "${d.given}".`,
    (d) => `${didYouMean(d)} \`seedance-mock list scenarios\` shows the bundled ones.`,
  ),
  FILE_UNREADABLE: kind(
    400,
    (d: { file: string; reason: string }) => `Cannot read ${d.file}: ${d.reason}.`,
    () => 'Check the path and its permissions.',
  ),
  FILE_UNWRITABLE: kind(
    400,
    (d: { file: string; reason: string; code: string | undefined }) => `Cannot write ${d.file}: ${d.reason}.`,
    (d) => waysToWrite[d.code ?? ''] ?? 'Name a file in a folder that exists and that you may write to.',
  ),
  FOLDER_UNWRITABLE: kind(
    400,
    (d: { folder: string; reason: string }) => `Cannot record in ${d.folder}: ${d.reason}.`,
    () => 'Name a folder that you may write to, or one that can be made: `--record recording`.',
  ),
  RECORDING_EXISTS: kind(
    409,
    (d: { folder: string }) => `There is a recording in ${d.folder} already, which stays as it is.`,
    (d) => `Name another folder, such as \`--record ${d.folder}-2\`, or remove that one.`,
  ),
  RECORDING_UNREADABLE: kind(
    400,
    (d: { path: string; reason: string; hint: string | undefined }) => `Cannot judge ${d.path}: ${d.reason}.`,
    (d) => d.hint ?? 'Name the folder that `--record` was given.',
  ),
  NO_SCRATCH_FOLDER: kind(
    400,
    (d: { tried: string }) => `No folder for temporary files can be written to: ${d.tried}.`,
    () =>
      'The file with the CA goes there. Free some space, or name another folder with the variable TMPDIR; in a container, mount one: `docker run --tmpfs /tmp`.',
  ),
  PORT_IN_USE: kind(
    400,
    (d: { host: string; port: number }) => `Port ${d.port} on ${d.host} is taken.`,
    (d) =>
      `Stop what listens there, or choose another with --port, --admin-port or --dns-port; 0 takes a free one. \`ss -lntup sport = :${d.port}\` names the holder.`,
  ),
  CANNOT_LISTEN: kind(
    400,
    (d: { host: string; port: number; reason: string }) => `Cannot listen on ${d.host}:${d.port}: ${d.reason}.`,
    () => 'Check --host or --admin-host, and whether you may open this port; 0 takes a free one.',
  ),
  INVALID_OPTION: kind(
    400,
    (d: { option: string; given: string; expected: string }) => `${d.option} does not take "${d.given}".`,
    (d) => d.expected,
  ),
  FAULT_EXISTS: kind(
    409,
    (d: { name: string }) => `A fault called "${d.name}" is armed already.`,
    (d) => `Give it another name, or disarm that one first: DELETE /faults/${encodeURIComponent(d.name)}`,
  ),
  FAULT_NOT_ARMED: kind(
    404,
    (d: { name: string; closest: string | undefined; known: readonly string[] }) =>
      `No armed fault is called "${d.name}".`,
    (d) => `${didYouMean(d)} GET /faults lists those that are armed.`,
  ),
  FAULT_OUT_OF_REACH: kind(
    409,
    (d: { name: string; hook: string }) => `"${d.name}" strikes on "${d.hook}", which is the upstream's own here.`,
    () => 'Strike on request or response, or on a connection; or start without --upstream.',
  ),
  UPSTREAM_UNUSABLE: kind(
    400,
    (d: { reason: string }) => `This cannot be the upstream: ${d.reason}.`,
    () => 'Write scheme and authority alone: `--upstream https://ark.cn-beijing.volces.com`.',
  ),
  LANE_ID_INVALID: kind(
    400,
    (d: { id: string }) => `"${d.id}" cannot be the name of a lane.`,
    () => 'Take up to 63 lower-case letters, digits and hyphens, as in a host name, and not "main"; or leave it out.',
  ),
  LANE_EXISTS: kind(
    409,
    (d: { id: string }) => `A lane "${d.id}" is open already.`,
    (d) => `Take another id, or end that one first: DELETE /lanes/${d.id}`,
  ),
  TOO_MANY_LANES: kind(
    409,
    (d: { limit: number }) => `${d.limit} lanes are open, which is the limit.`,
    () => 'End those that are over: DELETE /lanes/{id}.',
  ),
  NO_LANE_PORT: kind(
    409,
    (d: { from: number; to: number }) => `Every port from ${d.from} to ${d.to} has its lane.`,
    () => 'End a lane that is over with DELETE /lanes/{id}, or start with more: --lane-ports FROM-TO.',
  ),
  ADMIN_NOT_FOUND: kind(
    404,
    (d: { what: string }) => `There is no ${d.what}.`,
    () => 'GET / on the admin port lists its paths.',
  ),
  ADMIN_EXPOSED: kind(
    400,
    (d: { host: string }) =>
      `The admin API on ${d.host} could be called by whoever reaches this machine: it reads what clients send, and lets faults loose.`,
    () => 'Choose a token with --admin-token (or SEEDANCE_MOCK_ADMIN_TOKEN), or leave it on 127.0.0.1.',
  ),
  ADMIN_HOST_REFUSED: kind(
    403,
    (d: { host: string; hasToken: boolean }) => `The admin API does not answer to the name "${d.host}".`,
    (d) =>
      d.hasToken
        ? 'Call it by its address or by a name without a dot, or start with this name: `--cert-name mock.example.com`.'
        : 'Call it as localhost or 127.0.0.1. For other names start with --admin-token, and send the token.',
  ),
  ADMIN_ORIGIN_REFUSED: kind(
    403,
    (d: { origin: string }) => `A page of ${d.origin} may not call the admin API.`,
    () => 'Call it from outside of a browser, or from its own pages.',
  ),
  ADMIN_UNAUTHORIZED: kind(
    401,
    () => 'The admin token is missing or wrong.',
    () =>
      'Send `authorization: Bearer <token>` with the value of --admin-token; in a browser it is the password, under any name.',
  ),
  ADMIN_BAD_REQUEST: kind(
    400,
    (d: { reason: string }) => d.reason,
    () => 'GET / on the admin port lists what each path takes.',
  ),
} as const;

export type ProblemCode = keyof typeof problems;
/** What a problem is told with. */
export type DetailsOf<C extends ProblemCode> = Parameters<(typeof problems)[C]['message']>[0];

/** Makes one problem from the table. */
export function problem<C extends ProblemCode>(
  code: C,
  details: DetailsOf<C>,
  place: Pick<Problem, 'at' | 'excerpt'> = {},
): Problem {
  const { status, message, hint } = problems[code] as Kind<DetailsOf<C>>;
  const shown = shorten(details);
  return { code, status, message: message(shown), hint: hint(shown), ...place };
}

/** A key or a name that a user wrote may be as long as the scenario, and the journal keeps what problems quote. */
const MAX_QUOTED_CHARACTERS = 500;

/** The same details, with the end of each long text left out. */
const shorten = <D>(details: D): D => {
  const isLong = (value: unknown) => typeof value === 'string' && value.length > MAX_QUOTED_CHARACTERS;
  const long = Object.entries(details as object).filter(([, value]) => isLong(value));
  const shortened = long.map(([name, value]) => [name, `${value.slice(0, MAX_QUOTED_CHARACTERS)}…`]);
  return { ...details, ...Object.fromEntries(shortened) };
};

/** A mistake in what the user gave us, never a bug of ours: one or more problems, told all at once. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly problems: readonly Problem[];

  constructor(found: readonly Problem[]) {
    super(found.map(renderProblem).join('\n\n'));
    this.problems = found;
  }
}

/** Refuses options that are empty or white space, as a variable that is not set leaves them. Node
 * takes an empty address for every interface, and every caller knows an empty token.
 * @param given values by the name of their option; only texts and lists of texts can be blank
 * @throws UsageError INVALID_OPTION, one for each blank option */
export function refuseBlank(given: Readonly<Record<string, unknown>>): void {
  const blank = Object.entries(given).flatMap(([option, value]) => {
    const text = [value].flat().find((one): one is string => typeof one === 'string' && one.trim() === '');
    return text === undefined ? [] : [{ option, given: text, expected: 'Give it a value, or leave it out.' }];
  });
  if (blank.length > 0) throw new UsageError(blank.map((one) => problem('INVALID_OPTION', one)));
}

/** A problem as it stands on a terminal. */
export function renderProblem({ code, message, hint, at, excerpt }: Problem): string {
  const place = at ? `${at.file}:${at.line}:${at.column}  ${code}` : code;
  // An excerpt has several lines; `renderExcerpt` has made it printable.
  const shown = excerpt ? [printableText(excerpt)] : [];
  return [printableLine(place), printableLine(message), ...shown, printableLine(hint)].join('\n');
}

/** What `unknown` in a catch clause says of itself. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
