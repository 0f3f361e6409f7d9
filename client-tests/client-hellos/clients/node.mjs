// Connects twice to localhost and resumes the session the second time: PORT ALPN[,ALPN]
import { once } from 'node:events';
import { connect } from 'node:tls';

const [port, protocols] = process.argv.slice(2);
let session;
for (let visit = 0; visit < 2; visit++) {
  const ALPNProtocols = protocols.split(',');
  const servername = 'localhost';
  const socket = connect({ port: Number(port), servername, ALPNProtocols, session, rejectUnauthorized: false });
  socket.on('session', (ticket) => {
    session = ticket;
  });
  socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
  socket.resume();
  await once(socket, 'close');
}
