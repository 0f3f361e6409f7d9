/** What the bundle of the command line (scripts/build.ts) cannot carry in itself. */

/** Packages that it finds in node_modules: plug-ins that bring files of their own, and what is required rather than imported. */
export const unbundled: readonly string[] = [
  '@fastify/swagger',
  '@fastify/swagger-ui',
  'avsc',
  'junit-report-builder',
  // Native, and optional.
  'koffi',
];

/** Folders of server/ whose files it reads; they lie at the same place in dist/. */
export const dataFolders: readonly string[] = ['seedance/media', 'seedance/contract'];
