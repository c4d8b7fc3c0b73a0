// Child processes that end when we are asked to end, and whose ending is ours.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/**
 * Runs a program on our own terminal and resolves with its exit code.
 *
 * Ctrl-C reaches every process of the terminal's group by itself; passing it on as well would look
 * to the child like an impatient second one. So an interrupt is passed on only without a terminal,
 * a termination always, and we wait for the child in both cases.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<number>}
 */
export function runToEnd(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', ...options });
    let interrupted = false;
    const onInterrupt = () => {
      if (!process.stdin.isTTY && !interrupted) child.kill('SIGINT');
      interrupted = true;
    };
    const onTerminate = () => child.kill('SIGTERM');
    process.on('SIGINT', onInterrupt);
    process.on('SIGTERM', onTerminate);
    process.on('SIGHUP', onTerminate);
    const forget = () => {
      process.off('SIGINT', onInterrupt);
      process.off('SIGTERM', onTerminate);
      process.off('SIGHUP', onTerminate);
    };
    child.on('error', (error) => {
      forget();
      reject(error);
    });
    child.on('close', (code, signal) => {
      forget();
      resolve(exitCodeOf(code, signal));
    });
  });
}

/**
 * A shell reports death by signal as 128 + its number.
 *
 * @param {number | null} code
 * @param {NodeJS.Signals | null} signal
 */
function exitCodeOf(code, signal) {
  if (code !== null) return code;
  return 128 + (signal === null ? 0 : constants.signals[signal]);
}
