import { approach } from '../approach.ts';
import { type Examination, ok, unknown, warn } from '../examination.ts';

/** Whether results can be downloaded: from a container, the storage port has to be published as well. */
export const storage: Examination = {
  name: 'storage',
  summary: 'The storage port, which `video_url` names, takes TLS connections.',
  only: 'target',
  async examine({ host, ca, admin: { url, lane } }, signal) {
    if (!lane) return unknown(`${url} opened no lane that names it`);
    const { storagePort: port } = lane;
    if (port === undefined) return ok('the results are those of the upstream');
    const { secured, trouble } = await approach({ host, port, ca }, signal);
    if (secured) return ok(`${host}:${port} takes TLS connections`);
    return warn(
      `${host}:${port} takes no TLS connection: ${trouble}`,
      'Publish the storage port under its own number (docker run -p 8444:8444), or name the address that clients reach with --public-url.',
    );
  },
};
