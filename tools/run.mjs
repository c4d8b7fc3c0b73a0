// The door of every npm script: `node tools/run.mjs demo|start|test|test:long|check|bench|simulate`.
//
// This file must load on any Node that knows ES modules, however old, so that a newcomer with an old
// Node reads one sentence and not a syntax error. It therefore has no static import and no syntax
// newer than ES2017; all else is in bootstrap.mjs, loaded once the version is known to be enough.

const OLDEST_NODE_MAJOR = 20;
const major = Number(process.versions.node.split('.')[0]);

if (major < OLDEST_NODE_MAJOR) {
  process.stderr.write(
    'Ausculta needs Node ' +
      OLDEST_NODE_MAJOR +
      ' or newer to begin with, and this is Node ' +
      process.versions.node +
      ': install a current one from https://nodejs.org and run the same command again.\n',
  );
  process.exitCode = 1;
} else {
  import('./bootstrap.mjs')
    .then((bootstrap) => bootstrap.main(process.argv.slice(2)))
    .catch((error) => {
      process.stderr.write((error && error.stack) + '\n');
      process.exitCode = 1;
    });
}
