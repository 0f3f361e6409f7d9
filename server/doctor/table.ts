import type { Examination } from './examination.ts';
import { admin } from './examinations/admin.ts';
import { alpn } from './examinations/alpn.ts';
import { backlog } from './examinations/backlog.ts';
import { clock } from './examinations/clock.ts';
import { docker } from './examinations/docker.ts';
import { names } from './examinations/names.ts';
import { node } from './examinations/node.ts';
import { openFiles } from './examinations/open-files.ts';
import { ports } from './examinations/ports.ts';
import { reset } from './examinations/reset.ts';
import { storage } from './examinations/storage.ts';
import { tcp } from './examinations/tcp.ts';
import { tls } from './examinations/tls.ts';
import { trustCurl } from './examinations/trust-curl.ts';
import { trustJava } from './examinations/trust-java.ts';
import { trustNode } from './examinations/trust-node.ts';
import { trustPython } from './examinations/trust-python.ts';

/** Every examination there is, in the order of the report: the way to the server, then what is around it. */
export const examinations: readonly Examination[] = [
  names,
  tcp,
  tls,
  alpn,
  storage,
  reset,
  admin,
  clock,
  trustCurl,
  trustNode,
  trustPython,
  trustJava,
  docker,
  ports,
  openFiles,
  backlog,
  node,
];
