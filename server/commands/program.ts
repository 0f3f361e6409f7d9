import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { problem, refuseBlank, renderProblem, UsageError } from '../errors.ts';
import { MAX_JOURNAL_CAPACITY, MAX_RECORDING_FILES } from '../journal.ts';
import { logFormats } from '../log.ts';
import { printableText } from '../printable.ts';
import { profileNames } from '../scenario/service.ts';
import { reportFormatNames } from '../verdict/reports/formats.ts';
import { exitCodes } from '../verdict/verdict.ts';
import { certName, dnsName, hostAndPort, integer, origin, port, portRange, seed, speed } from './arguments.ts';
import { MAX_COPIES } from './copies.ts';
import { Ending } from './ending.ts';
import type { Host } from './output.ts';
import { ownProcess } from './own-process.ts';

/** A day: longer than any client command runs. */
const MAX_WAIT_MS = 86_400_000;

/** Adds what may be played otherwise than the scenario says, and for what service. */
const withPlay = (command: Command): Command =>
  command
    .addOption(
      new Option('--profile <name>', "in place of the scenario's own, also when another scenario is loaded").choices(
        profileNames,
      ),
    )
    .addOption(new Option('--seed <n>', 'replays the run that printed it').argParser(seed))
    .addOption(new Option('--speed <n>', 'lane seconds in one real second').argParser(speed))
    .option('--upstream <url>', 'pass the API through to this service, and let rules, faults and the verdict be ours')
    .option('--upstream-ca <file>', 'certificate authority of the upstream, such as the CA file of a second mock');

/** Adds what becomes of the events that the verdict rests on.
 * @param kept how many are kept by default */
const withJournal = (command: Command, kept: string): Command =>
  command
    .addOption(
      new Option('--journal-events <n>', `how many events the journal of each lane keeps (default: ${kept})`).argParser(
        integer({ min: 1, max: MAX_JOURNAL_CAPACITY }),
      ),
    )
    .option('--record <dir>', 'record the journals of all lanes in this folder, for `report --record`')
    .addOption(
      new Option(
        '--record-files <n>',
        'how many files of 64 MiB are kept of each lane (default: 16, about 5 million events)',
      ).argParser(integer({ min: 1, max: MAX_RECORDING_FILES })),
    );

const EXIT_CODES = `Exit code: 0 good, 1 the verdict or the command failed, 2 usage, 3 inconclusive,
70 internal error (a bug in seedance-mock).`;

/** What a command has besides its options: the process it runs in, how that ends, and where its exit code goes. */
interface Call {
  readonly host: Host;
  readonly ending: Ending;
  readonly end: (exitCode: number) => void;
}

/** Runs `seedance-mock` with these arguments.
 * @param host where it writes, and what tells it of signals
 * @returns the exit code; `verdict.ts` lists them */
export async function runProgram(args: readonly string[], host: Host = ownProcess): Promise<number> {
  const ending = new Ending(host);
  let exitCode: number = exitCodes.pass;
  const end = (code: number) => {
    exitCode = code;
  };
  try {
    await createProgram({ host, ending, end }).parseAsync(args, { from: 'user' });
  } catch (error) {
    exitCode = exitCodes.usage;
    if (error instanceof UsageError) host.stderr.write(`${error.problems.map(renderProblem).join('\n\n')}\n`);
    // Commander has printed its own message; --help and --version end here too, with 0.
    else if (error instanceof CommanderError) exitCode = error.exitCode === 0 ? exitCodes.pass : exitCodes.usage;
    else ending.noteFailure(error);
  }
  return ending.finish(exitCode);
}

function createProgram(call: Call): Command {
  const program = new Command('seedance-mock')
    .description('A mock Seedance 2.0 server that misbehaves on purpose, and tells you how your client took it.')
    .version(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version)
    // What follows a command is its own: `run SCENARIO python -V`, without `--`, must not show our version.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void call.host.stdout.write(text),
      // It repeats arguments that it does not understand.
      writeErr: (text) => void call.host.stderr.write(printableText(text)),
    })
    .showHelpAfterError('`seedance-mock --help` shows what there is.')
    .hook('preAction', (_program, command) => refuseBlank(givenTo(command)))
    .addHelpText(
      'after',
      `
Examples:
  seedance-mock serve poll-reset         every third poll dies, on https://localhost:8443
  seedance-mock run poll-reset -- python my_client.py    and a verdict on the client
  seedance-mock explain poll-reset       what will strike, and when
  seedance-mock validate my.yaml         every mistake at once
  seedance-mock doctor                   does a reset survive, and who trusts the CA?
  seedance-mock list scenarios           what there is to start from

${EXIT_CODES}`,
    );
  for (const add of commands) add(program, call);
  return program;
}

/** The options and arguments of a call, by the names that the user knows: that of a variable where
 * the value came from one. The client's own arguments, behind `--`, may be blank. */
function givenTo(command: Command): Readonly<Record<string, unknown>> {
  const options = command.options.map((option) => {
    const key = option.attributeName();
    const variable = command.getOptionValueSource(key) === 'env' ? option.envVar : undefined;
    return [variable ?? option.long, command.getOptionValue(key)];
  });
  const operands = command.registeredArguments.map((argument, index) => [
    `<${argument.name()}>`,
    argument.variadic ? undefined : command.processedArgs[index],
  ]);
  return Object.fromEntries([...options, ...operands]);
}

// Each command is imported when it is called, so that none waits for what only another one needs.

function addServe(program: Command, { host, ending, end }: Call): void {
  withJournal(withPlay(program.command('serve')), '20000, and 10000 for lanes')
    .description('run the server until it is interrupted')
    .argument('[scenario]', 'path of a scenario file, or the name of a bundled one')
    .addOption(new Option('--port <n>', 'port of the service; 0 takes a free one').argParser(port).default(8443))
    .addOption(
      new Option('--admin-port <n>', 'port of the admin API; 0 takes a free one').argParser(port).default(8480),
    )
    .addOption(storagePortOption().env('SEEDANCE_MOCK_STORAGE_PORT'))
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .addOption(
      new Option('--admin-host <address>', 'address the admin API listens on; any but loopback asks for a token')
        .env('SEEDANCE_MOCK_ADMIN_HOST')
        .default('127.0.0.1'),
    )
    .addOption(
      new Option('--lane-ports <from-to>', 'ports that lanes take, in order; left out: any that is free').argParser(
        portRange,
      ),
    )
    .addOption(
      new Option(
        '--cert-name <name>',
        'address or host name by which clients call the mock, for certificate and admin API; may be given again',
      ).argParser(certName),
    )
    .addOption(new Option('--dns-port <n>', 'port of a DNS responder, UDP and TCP; 0 takes a free one').argParser(port))
    .addOption(
      new Option(
        '--dns-name <name>',
        'name it answers for beside localhost and the hosts of Ark; may be given again',
      ).argParser(dnsName),
    )
    .addOption(new Option('--log <format>', 'how the journal is told on stdout').choices(logFormats).default('pretty'))
    .option('--watch', 'take the scenario file into force again at each change; connections and tasks stay')
    .option(
      '--ready-file <file>',
      'gets {"url","adminUrl","storageUrl","dns","caFile","seed","pid"} once the server can serve',
    )
    .addOption(
      new Option('--admin-token <token>', 'what the admin API asks for as a bearer token').env(
        'SEEDANCE_MOCK_ADMIN_TOKEN',
      ),
    )
    .addOption(
      new Option(
        '--public-url <url>',
        "scheme and authority of result URLs, in place of the request's host and the storage port",
      ).argParser(origin),
    )
    .addOption(otlpOption())
    .option('--keylog <file>', 'append TLS secrets for Wireshark; only the owner of the file may read it then')
    .addHelpText(
      'after',
      `
SIGINT and SIGTERM end it within 2 seconds; a second one ends it at once.

Exit code: 0 ended by a signal, 2 usage, 70 internal error (a bug in seedance-mock).

Examples:
  seedance-mock serve                                  the service and its reset rules, on https://localhost:8443
  seedance-mock serve --profile dual-stack             HTTP/1.1 clients too (Python SDK, older Node)
  seedance-mock serve poll-reset --seed 7 --speed 20   a bundled scenario, replayed, 20 times as fast
  seedance-mock serve my.yaml --watch                  follows the file as you edit it
  seedance-mock serve --lane-ports 9000-9015           room for 16 lanes (POST /lanes), on ports known beforehand
  seedance-mock serve --otlp http://localhost:4318     every event goes to a collector, compressed and in batches
  seedance-mock serve poll-reset --upstream https://ark.cn-beijing.volces.com    a rehearsal against the real service
  seedance-mock serve my.yaml --record recording       every event in files, to judge the run again with \`report\`
  seedance-mock serve my.yaml --port 0 --ready-file ready.json`,
    )
    .action(async (given: string | undefined, { speed: clock, journalEvents: journalCapacity, ...options }) => {
      const { runServe } = await import('./serve.ts');
      const scenario = given && { scenario: given };
      const named = { ...scenario, ...(clock && { clock }), ...(journalCapacity && { journalCapacity }) };
      end(await runServe({ ...options, ...named }, { host, ending }));
    });
}

const storagePortOption = (): Option =>
  new Option('--storage-port <n>', 'port of the storage, which serves results; left out: a free one').argParser(port);

/** An empty variable is one that is not set, says the OpenTelemetry specification. */
function otlpOption(): Option {
  const what = 'OpenTelemetry collector that takes the journal as log records, by OTLP over HTTP';
  const option = new Option('--otlp <url>', what).argParser(origin);
  const variable = 'OTEL_EXPORTER_OTLP_ENDPOINT';
  return process.env[variable] === '' ? option : option.env(variable);
}

function addRun(program: Command, { host, ending, end }: Call): void {
  withJournal(withPlay(program.command('run')), '500000')
    .description('serve a scenario for as long as a client command runs, and judge the client')
    .usage('[options] <scenario> -- <command...>')
    .showHelpAfterError('Write `--` before the client: `seedance-mock run poll-reset -- python my_client.py`.')
    .argument('<scenario>', 'path of a scenario file, or the name of a bundled one')
    .argument('<command...>', 'the client, after --')
    .addOption(
      new Option('--report <format:file>', 'write the verdict to a file; may be given again').argParser(
        (text: string, before: readonly string[] = []) => [...before, text],
      ),
    )
    .addOption(
      new Option(
        '--copies <n>',
        'run so many copies of the command at once, each with an API key of its own',
      ).argParser(integer({ min: 1, max: MAX_COPIES })),
    )
    .addOption(
      new Option('--timeout <ms>', 'how long the command may take').argParser(integer({ min: 1, max: MAX_WAIT_MS })),
    )
    .addOption(
      new Option('--settle <ms>', 'how long open tasks may take to settle after it has ended')
        .argParser(integer({ min: 0, max: MAX_WAIT_MS }))
        .default(10_000),
    )
    .addOption(new Option('--port <n>', 'port of the service; 0 takes a free one').argParser(port).default(0))
    .addOption(storagePortOption())
    .addOption(new Option('--log <format>', 'how the journal is told on stdout').choices(logFormats).default('silent'))
    .addHelpText(
      'after',
      `
The command finds the service by SEEDANCE_BASE_URL or ARK_BASE_URL, ARK_API_KEY, and the CA by NODE_EXTRA_CA_CERTS, SSL_CERT_FILE,
REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE; a JVM by JAVA_TOOL_OPTIONS. SEEDANCE_CLIENT_ID is a name for the header x-client-id.

With --copies, SEEDANCE_CLIENT_ID and ARK_API_KEY are copy-1 in the first copy, copy-2 in the second, and so on. With --upstream
all copies keep your key; the header distinguishes them, if they send it. Each line that they print begins with the copy. If one
fails, the run fails.

${EXIT_CODES}

Examples:
  seedance-mock run poll-reset -- python my_client.py
  seedance-mock run lost-create --report junit:verdict.xml --report html:verdict.html -- npm test
  seedance-mock run my.yaml --profile dual-stack --timeout 60000 -- pytest -q
  seedance-mock run poll-reset --copies 6 -- python my_client.py
  seedance-mock run my.yaml --record recording -- npm test       and \`report --record recording\` judges it again
  seedance-mock run lost-create --upstream https://ark.cn-beijing.volces.com -- python my_client.py`,
    )
    .action(async (scenario: string, command: string[], { speed: clock, journalEvents, report = [], ...given }) => {
      const { timeout, settle, ...options } = given;
      const { readReportTarget, runRun } = await import('./run.ts');
      const exitCode = await runRun(
        {
          ...options,
          scenario,
          command,
          report: report.map(readReportTarget),
          settleMs: settle,
          ...(timeout !== undefined && { timeoutMs: timeout }),
          ...(clock && { clock }),
          ...(journalEvents && { journalCapacity: journalEvents }),
        },
        { host, ending },
      );
      end(exitCode);
    });
}

function addReport(program: Command, { host, end }: Call): void {
  program
    .command('report')
    .description('print the verdict of a server that runs, or judge a recording again')
    .addOption(
      new Option('--admin <url>', 'admin address of a server that runs')
        .argParser(origin)
        .default('http://localhost:8480'),
    )
    .addOption(new Option('--admin-token <token>', 'what its admin API asks for').env('SEEDANCE_MOCK_ADMIN_TOKEN'))
    .addOption(new Option('--record <dir>', 'folder that `serve --record` or `run --record` wrote').conflicts('admin'))
    .option('--final', 'the clients have ended: who waits for its next attempt has given up', false)
    .option('--lane <name>', 'lane of the recording (default: main)')
    .addOption(
      new Option('--until <moment>', 'how far the recording is judged (default: judged, the last verdict)').choices([
        'judged',
        'end',
      ]),
    )
    .addOption(new Option('--format <name>').choices(reportFormatNames).default('text'))
    .addHelpText(
      'after',
      `
A recording is judged as the server judged it at its last verdict: at the end of \`run\`, or at GET /report. If no event
is missing, the JSON report is the same, byte for byte. If events are missing, the checks that they could change are
inconclusive, and say which events.

Exit code: 0 good, 1 the verdict failed, 2 usage, 3 inconclusive, 70 internal error (a bug in seedance-mock).

Examples:
  seedance-mock report --admin http://localhost:8480 --format junit > verdict.xml
  seedance-mock report --record recording                                 as \`serve --record recording\` wrote it
  seedance-mock report --record recording --lane lane-1 --format html > verdict.html
  seedance-mock report --record recording --until end                     with what came after the last verdict`,
    )
    .action(async ({ admin, format, adminToken, record, lane, until, final }) => {
      const { runReport, runRecordedReport } = await import('./report.ts');
      if (record !== undefined)
        return end(await runRecordedReport({ record, lane: lane ?? 'main', until: until ?? 'judged', format }, host));
      refuseWithoutRecord({ lane, until });
      end(await runReport({ admin, format, final, ...(adminToken !== undefined && { token: adminToken }) }, host));
    });
}

/** @throws UsageError INVALID_OPTION for what only a recording has */
function refuseWithoutRecord(given: Readonly<Record<'lane' | 'until', string | undefined>>): void {
  const [found] = Object.entries(given).filter(([, value]) => value !== undefined);
  if (!found) return;
  const [name, value] = found;
  const expected = `Name the recording as well: \`seedance-mock report --record recording --${name} ${value}\`.`;
  throw new UsageError([
    problem('INVALID_OPTION', { option: `--${name} without --record`, given: value ?? '', expected }),
  ]);
}

function addDoctor(program: Command, { host, end }: Call): void {
  program
    .command('doctor')
    .description(
      'say whether a reset is still a reset when it arrives, who trusts the CA, and what else may be in the way',
    )
    .addOption(
      new Option(
        '--target <host:port>',
        'a server that runs; left out: this machine, with a mock of its own',
      ).argParser(hostAndPort),
    )
    .addOption(
      new Option('--admin <url>', 'admin address of the target; left out: port 8480 of its host').argParser(origin),
    )
    .option('--admin-token <token>', 'what its admin API asks for')
    .addOption(
      new Option('--connections <n>', 'how many are wanted at once')
        .argParser(integer({ min: 1, max: 1_000_000 }))
        .default(1_000),
    )
    .option('--json', 'the same as JSON')
    .addHelpText(
      'after',
      `
Exit code: 0 nothing failed, 1 something did, 2 usage, 70 internal error (a bug in seedance-mock).

Examples:
  seedance-mock doctor
  seedance-mock doctor --target localhost:8443
  seedance-mock doctor --target mock.test:32768 --admin http://mock.test:32769 --json
  seedance-mock doctor --connections 20000`,
    )
    .action(async (options) => {
      const { runDoctor } = await import('./doctor.ts');
      end(await runDoctor(options, host));
    });
}

function addValidate(program: Command, { host, end }: Call): void {
  program
    .command('validate')
    .description('check scenario files and tell every problem at once')
    .argument('<file...>')
    .addHelpText('after', '\nExample:\n  seedance-mock validate scenarios/*.yaml')
    .action(async (files: string[]) => {
      const { runValidate } = await import('./validate.ts');
      end(await runValidate(files, host));
    });
}

function addExplain(program: Command, { host, end }: Call): void {
  program
    .command('explain')
    .description('say what will strike, when, and which of the first requests')
    .argument('<scenario>', 'path of a scenario file, or the name of a bundled one')
    .addOption(
      new Option('--requests <n>', 'how many are told of').argParser(integer({ min: 1, max: 10_000 })).default(20),
    )
    .addOption(new Option('--seed <n>', "in place of the scenario's own").argParser(seed))
    .option('--json', 'the same as JSON')
    .addHelpText(
      'after',
      `
Examples:
  seedance-mock explain poll-reset
  seedance-mock explain my.yaml --requests 100 --seed 7 --json`,
    )
    .action(async (scenario: string, options: { requests: number; seed?: number; json?: boolean }) => {
      const { runExplain } = await import('./explain.ts');
      end(runExplain(scenario, options, host));
    });
}

function addList(program: Command, { host, end }: Call): void {
  program
    .command('list')
    .description('list faults, checks or bundled scenarios')
    .argument('[what]', 'faults, checks or scenarios; all of them when left out')
    .addHelpText('after', '\nExample:\n  seedance-mock list faults')
    .action(async (what: string | undefined) => {
      const { runList } = await import('./list.ts');
      end(runList(what, host));
    });
}

function addSchema(program: Command, { host, end }: Call): void {
  program
    .command('schema')
    .description('print the JSON Schema of scenario files')
    .addHelpText('after', '\nExample:\n  seedance-mock schema > scenario.schema.json')
    .action(async () => {
      const { runSchema } = await import('./schema.ts');
      end(runSchema(host));
    });
}

/** In the order in which `--help` shows them. */
const commands = [addServe, addRun, addReport, addDoctor, addValidate, addExplain, addList, addSchema] as const;
