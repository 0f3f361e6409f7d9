import { type Examination, fail, ok } from '../examination.ts';

/** Whether anybody answers. */
export const tcp: Examination = {
  name: 'tcp',
  summary: 'The port takes connections.',
  only: 'target',
  async examine({ address, approach }) {
    const { peer, trouble } = await approach;
    if (peer !== undefined) return ok(`${address} takes connections, as ${peer}`);
    return fail(
      `${address} takes none: ${trouble}`,
      'Check that the server runs, that its port is published, and that it listens on more than loopback where it is called from elsewhere (--host 0.0.0.0).',
    );
  },
};
