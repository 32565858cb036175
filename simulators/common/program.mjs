// A stand-in that is a program of its own, with a folder of its own and one door on the loopback.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The port that the environment gives, and a folder that goes with the program: on a signal, or with its standard input. */
export function begin(name) {
  const port = Number(process.env.PORT);
  if (!port) {
    console.error('variables manquantes : PORT');
    process.exit(2);
  }
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  const stop = () => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (process.env.STOP_WITH_STDIN === '1') process.stdin.resume().on('end', stop);
  return { port, folder };
}

/** Says when it answers: whoever starts it waits for that line. */
export function serve(name, port, handle) {
  const server = createServer((req, res) => {
    handle(req, res).catch((error) => {
      console.error(error);
      res.writeHead(500).end();
    });
  });
  server.listen(port, '127.0.0.1', () => console.log(`${name}: prêt http://127.0.0.1:${port}/`));
}
