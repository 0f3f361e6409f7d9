import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { Command, InvalidArgumentError, Option } from 'commander';
import { renderProblem, UsageError } from '../errors.ts';
import type { PortRange } from '../lanes.ts';
import { logFormats } from '../log.ts';
import { profileNames } from '../scenario/service.ts';
import { reportFormatNames } from '../verdict/reports/formats.ts';

const EXIT_USAGE = 2;
/** A day: longer than any client command runs. */
const MAX_WAIT_MS = 86_400_000;

function integer({ min, max }: { min: number; max: number }) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}

const port = integer({ min: 0, max: 65_535 });
const seed = integer({ min: 0, max: 2 ** 32 - 1 });

/** As many as there may be lanes (`MAX_LANES`, which is not loaded for its sake). */
const MAX_LANE_PORTS = 1_000;

function portRange(text: string): PortRange {
  const [, from, to] = /^(\d+)-(\d+)$/.exec(text)?.map(Number) ?? [];
  if (from !== undefined && to !== undefined && from >= 1 && from <= to && to <= 65_535 && to - from < MAX_LANE_PORTS)
    return { from, to };
  throw new InvalidArgumentError(
    `Expected FROM-TO, both from 1 to 65535 and ${MAX_LANE_PORTS} ports at most, such as 9000-9015.`,
  );
}

function speed(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 10_000) return value;
  throw new InvalidArgumentError('Expected a number above 0, 10000 at most: 20 makes time run 20 times as fast.');
}

function origin(text: string): string {
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? '')) return text;
  throw new InvalidArgumentError('Expected scheme and authority, such as https://videos.example.com.');
}

/** @throws InvalidArgumentError */
function hostAndPort(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, digits] = /^(?:\[([\da-f:.]+)\]|([^\s:/@[\]]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  const number = Number(digits);
  if (host !== undefined && number >= 1 && number <= 65_535) return { host, port: number };
  throw new InvalidArgumentError('Expected HOST:PORT, such as localhost:8443 or [::1]:8443.');
}

function certName(text: string, before: readonly string[] = []): readonly string[] {
  if (isIP(text) || /^(\*\.)?[\w-]+(\.[\w-]+)*$/.test(text)) return [...before, text];
  throw new InvalidArgumentError('Expected an IP address or a host name, such as 172.17.0.1 or videos.example.com.');
}

function dnsName(text: string, before: readonly string[] = []): readonly string[] {
  if (/^(\*\.)?[\w-]+(\.[\w-]+)*$/.test(text)) return [...before, text];
  throw new InvalidArgumentError('Expected a host name, such as videos.example.com or *.example.com.');
}

const upstream = () =>
  new Option('--upstream <url>', 'pass the API through to this service, and let rules, faults and the verdict be ours');
const upstreamCa = () =>
  new Option('--upstream-ca <file>', 'certificate authority of the upstream, such as the CA file of a second mock');

// Each command is imported when it is called, so that none waits for what only another one needs.
const program = new Command('seedance-mock')
  .description('A mock Seedance 2.0 server that misbehaves on purpose, and tells you how your client took it.')
  .version(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version)
  .exitOverride()
  .showHelpAfterError('`seedance-mock --help` shows what there is.')
  .addHelpText(
    'after',
    `
Examples:
  seedance-mock serve poll-reset         every third poll dies, on https://localhost:8443
  seedance-mock run poll-reset -- python my_client.py    and a verdict on the client
  seedance-mock explain poll-reset       what will strike, and when
  seedance-mock validate my.yaml         every mistake at once
  seedance-mock doctor                   does a reset survive, and who trusts the CA?
  seedance-mock list scenarios           what there is to start from`,
  );

program
  .command('serve')
  .description('run the server until it is interrupted')
  .argument('[scenario]', 'path of a scenario file, or the name of a bundled one')
  .addOption(new Option('--port <n>', 'port of the service; 0 takes a free one').argParser(port).default(8443))
  .addOption(new Option('--admin-port <n>', 'port of the admin API; 0 takes a free one').argParser(port).default(8480))
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
      'address or host name that the certificate holds for besides its own; may be given again',
    ).argParser(certName),
  )
  .addOption(new Option('--dns-port <n>', 'port of a DNS responder, UDP and TCP; 0 takes a free one').argParser(port))
  .addOption(
    new Option(
      '--dns-name <name>',
      'name it answers for beside localhost and the hosts of Ark; may be given again',
    ).argParser(dnsName),
  )
  .addOption(new Option('--profile <name>', "in place of the scenario's own").choices(profileNames))
  .addOption(new Option('--seed <n>', 'replays the run that printed it').argParser(seed))
  .addOption(new Option('--speed <n>', 'lane seconds in one real second').argParser(speed))
  .addOption(new Option('--log <format>', 'how the journal is told on stdout').choices(logFormats).default('pretty'))
  .option('--watch', 'take the scenario file into force again at each change; connections and tasks stay')
  .option('--ready-file <file>', 'gets {"url","adminUrl","dns","caFile","seed","pid"} once the server can serve')
  .addOption(
    new Option('--admin-token <token>', 'what the admin API asks for as a bearer token').env(
      'SEEDANCE_MOCK_ADMIN_TOKEN',
    ),
  )
  .addOption(
    new Option('--public-url <url>', "scheme and authority of result URLs, in place of the request's own").argParser(
      origin,
    ),
  )
  .addOption(
    new Option('--otlp <url>', 'OpenTelemetry collector that takes the journal as log records, by OTLP over HTTP')
      .env('OTEL_EXPORTER_OTLP_ENDPOINT')
      .argParser(origin),
  )
  .addOption(upstream())
  .addOption(upstreamCa())
  .option('--keylog <file>', 'append TLS secrets for Wireshark')
  .addHelpText(
    'after',
    `
Examples:
  seedance-mock serve                                  the service and its reset rules, on https://localhost:8443
  seedance-mock serve --profile dual-stack             HTTP/1.1 clients too (Python SDK, older Node)
  seedance-mock serve poll-reset --seed 7 --speed 20   a bundled scenario, replayed, 20 times as fast
  seedance-mock serve my.yaml --watch                  follows the file as you edit it
  seedance-mock serve --lane-ports 9000-9015           room for 16 lanes (POST /lanes), on ports known beforehand
  seedance-mock serve --otlp http://localhost:4318     every event goes to a collector, compressed and in batches
  seedance-mock serve poll-reset --upstream https://ark.cn-beijing.volces.com    a rehearsal against the real service
  seedance-mock serve my.yaml --port 0 --ready-file ready.json`,
  )
  .action(async (scenario: string | undefined, { speed: clock, ...options }) => {
    const { runServe } = await import('./serve.ts');
    process.exitCode = await runServe({ ...options, ...(scenario && { scenario }), ...(clock && { clock }) });
  });

program
  .command('run')
  .description('serve a scenario for as long as a client command runs, and judge the client')
  .argument('<scenario>', 'path of a scenario file, or the name of a bundled one')
  .argument('<command...>', 'the client, after --')
  .addOption(
    new Option('--report <format:file>', 'write the verdict to a file; may be given again').argParser(
      (text: string, before: readonly string[] = []) => [...before, text],
    ),
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
  .addOption(new Option('--profile <name>', "in place of the scenario's own").choices(profileNames))
  .addOption(new Option('--seed <n>', 'replays the run that printed it').argParser(seed))
  .addOption(new Option('--speed <n>', 'lane seconds in one real second').argParser(speed))
  .addOption(upstream())
  .addOption(upstreamCa())
  .addOption(new Option('--log <format>', 'how the journal is told on stdout').choices(logFormats).default('silent'))
  .addHelpText(
    'after',
    `
The command finds the service by SEEDANCE_BASE_URL or ARK_BASE_URL, ARK_API_KEY, and the CA by NODE_EXTRA_CA_CERTS, SSL_CERT_FILE,
REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE; a JVM by JAVA_TOOL_OPTIONS.

Exit code: 0 good, 1 the verdict or the command failed, 2 usage, 3 inconclusive.

Examples:
  seedance-mock run poll-reset -- python my_client.py
  seedance-mock run lost-create --report junit:verdict.xml --report html:verdict.html -- npm test
  seedance-mock run my.yaml --profile dual-stack --timeout 60000 -- pytest -q
  seedance-mock run lost-create --upstream https://ark.cn-beijing.volces.com -- python my_client.py`,
  )
  .action(async (scenario: string, command: string[], { speed: clock, timeout, settle, report = [], ...options }) => {
    const { readReportTarget, runRun } = await import('./run.ts');
    process.exitCode = await runRun({
      ...options,
      scenario,
      command,
      report: report.map(readReportTarget),
      settleMs: settle,
      ...(timeout !== undefined && { timeoutMs: timeout }),
      ...(clock && { clock }),
    });
  });

program
  .command('report')
  .description('print the verdict of a server that runs')
  .addOption(new Option('--admin <url>', 'its admin address').argParser(origin).default('http://localhost:8480'))
  .addOption(new Option('--format <name>').choices(reportFormatNames).default('text'))
  .addOption(new Option('--admin-token <token>', 'what its admin API asks for').env('SEEDANCE_MOCK_ADMIN_TOKEN'))
  .addHelpText('after', '\nExample:\n  seedance-mock report --admin http://localhost:8480 --format junit > verdict.xml')
  .action(async ({ admin, format, adminToken }) => {
    const { runReport } = await import('./report.ts');
    process.exitCode = await runReport({ admin, format, ...(adminToken !== undefined && { token: adminToken }) });
  });

program
  .command('doctor')
  .description(
    'say whether a reset is still a reset when it arrives, who trusts the CA, and what else may be in the way',
  )
  .addOption(
    new Option('--target <host:port>', 'a server that runs; left out: this machine, with a mock of its own').argParser(
      hostAndPort,
    ),
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
Exit code: 0 nothing failed, 1 something did, 2 usage.

Examples:
  seedance-mock doctor
  seedance-mock doctor --target localhost:8443
  seedance-mock doctor --target mock.test:32768 --admin http://mock.test:32769 --json
  seedance-mock doctor --connections 20000`,
  )
  .action(async (options) => {
    const { runDoctor } = await import('./doctor.ts');
    process.exitCode = await runDoctor(options);
  });

program
  .command('validate')
  .description('check scenario files and tell every problem at once')
  .argument('<file...>')
  .addHelpText('after', '\nExample:\n  seedance-mock validate scenarios/*.yaml')
  .action(async (files: string[]) => {
    const { runValidate } = await import('./validate.ts');
    process.exitCode = await runValidate(files);
  });

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
    process.exitCode = runExplain(scenario, options);
  });

program
  .command('list')
  .description('list faults, checks or bundled scenarios')
  .argument('[what]', 'faults, checks or scenarios; all of them when left out')
  .addHelpText('after', '\nExample:\n  seedance-mock list faults')
  .action(async (what: string | undefined) => {
    const { runList } = await import('./list.ts');
    process.exitCode = await runList(what);
  });

program
  .command('schema')
  .description('print the JSON Schema of scenario files')
  .addHelpText('after', '\nExample:\n  seedance-mock schema > scenario.schema.json')
  .action(async () => {
    const { runSchema } = await import('./schema.ts');
    process.exitCode = await runSchema();
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.problems.map(renderProblem).join('\n\n')}\n`);
    process.exitCode = EXIT_USAGE;
  } else if (error instanceof Error && 'exitCode' in error) {
    // Commander has printed its own message; --help and --version end here too, with 0.
    process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE;
  } else throw error;
}
