import { expect, test } from 'vitest';
import { findDockerd, judgeAbsence, judgeProxy, settingOf } from './docker.ts';

const daemon = {
  version: '28.0.1',
  system: 'Debian',
  publishedPorts: 0,
  visible: true,
  setting: undefined,
  proxies: 0,
};

test.each([
  ['the default is on', daemon, 'warn', 'userland-proxy is on'],
  ['switched on', { ...daemon, setting: true }, 'warn', 'userland-proxy is on'],
  ['switched off', { ...daemon, setting: false }, 'ok', 'userland-proxy is off'],
  ['proxies that run say more than a setting', { ...daemon, setting: false, proxies: 2 }, 'warn', '2 docker-proxy run'],
  ['a daemon elsewhere', { ...daemon, visible: false }, 'warn', 'cannot be seen'],
])('%s', (_name, seen, outcome, words) => {
  const finding = judgeProxy(seen);
  expect(finding).toMatchObject({ outcome, seen: expect.stringContaining(words) });
  expect(finding.remedy === undefined).toBe(outcome === 'ok');
});

test.each([
  ['nobody wants one', 'ENOENT', undefined, 'ok'],
  ['nobody behind the socket', 'ECONNREFUSED', undefined, 'ok'],
  ['DOCKER_HOST leads nowhere', 'ENOENT', 'unix:///run/d.sock', 'warn'],
  ['not for this user', 'EACCES', undefined, 'warn'],
  ['it answers nonsense', undefined, undefined, 'warn'],
])('no daemon: %s', (_name, code, given, outcome) => {
  expect(judgeAbsence({ trouble: 'unix:///run/d.sock: no', code }, given).outcome).toBe(outcome);
});

test.each([
  [[], '{}', undefined],
  [[], '{"userland-proxy": false}', false],
  [[], '{"userland-proxy": "false"}', undefined],
  [[], 'not JSON', undefined],
  [['--userland-proxy=false'], '{}', false],
  [['--userland-proxy'], '{"userland-proxy": false}', true],
  [['--userland-proxy=true'], '{"userland-proxy": false}', true],
  [['--userland-proxy-path=/usr/bin/docker-proxy'], '{}', undefined],
])('dockerd %j with %s: %s', (options, file, setting) => {
  expect(settingOf(['dockerd', ...options], file)).toBe(setting);
});

test('of several daemons it is the one behind the socket', () => {
  const own = { pid: 2, parent: 1, command: ['/usr/bin/dockerd', '-H', 'fd://'] };
  const other = { pid: 3, parent: 1, command: ['dockerd', '--host', 'unix:///run/other.sock'] };
  const shell = { pid: 4, parent: 1, command: ['sh', '-c', 'dockerd'] };
  const all = [shell, own, other];
  expect(findDockerd(all, '/run/other.sock')).toBe(other);
  expect(findDockerd(all, '/var/run/docker.sock')).toBe(own);
  expect(findDockerd([shell, other], '/var/run/docker.sock')).toBeUndefined();
  expect(findDockerd([own, { ...own, pid: 5 }], '/var/run/docker.sock')).toBeUndefined();
});
