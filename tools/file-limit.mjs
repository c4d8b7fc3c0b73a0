// Loaded into the process of each test file. The runner's timeout ends a test, yet not a file that a test
// has left something running in: one forgotten timer would hold up the whole run for ever.
const limitMs = Number(process.env.AUSCULTA_TEST_FILE_LIMIT_MS);

if (process.env.NODE_TEST_CONTEXT !== undefined && limitMs > 0) {
  setTimeout(() => {
    process.stderr.write(
      `This file did not end within ${limitMs / 1_000} s: what has it left open?\n`,
    );
    process.exit(1);
  }, limitMs).unref();
}
