import { GenericContainer } from 'testcontainers';
import { image } from './docker.ts';

/** The client of the example, in a container of its own; the mock's image has the Node that it needs. */
export const exampleClient = () =>
  new GenericContainer(image)
    .withEntrypoint(['node'])
    .withCommand(['/tmp/example/client.ts'])
    .withCopyDirectoriesToContainer([{ source: 'client-tests/compose-example', target: '/tmp/example' }]);
