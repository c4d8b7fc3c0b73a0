/** EDFlib, by the author of EDFbrowser: a reader of EDF+ that we did not write, from Debian's own package. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGE = 'libedf-dev';
const INSTALL_WITHIN_MS = 90_000;

/** Prints what EDFlib makes of a file: header, annotations, and the samples of each signal. */
const PROGRAM = `
#include <stdio.h>
#include <stdlib.h>
#include <edflib.h>
int main(int argc, char **argv) {
  struct edf_hdr_struct h;
  if (edfopen_file_readonly(argv[1], &h, EDFLIB_READ_ALL_ANNOTATIONS)) {
    printf("refused %d\\n", h.filetype);
    return 1;
  }
  printf("type %d signals %d records %lld patient [%s] start %d-%d-%d %d:%d:%d.%lld\\n", h.filetype, h.edfsignals,
    h.datarecords_in_file, h.patientcode, h.startdate_year, h.startdate_month, h.startdate_day,
    h.starttime_hour, h.starttime_minute, h.starttime_second, h.starttime_subsecond);
  for (int i = 0; i < h.annotations_in_file; i++) {
    struct edf_annotation_struct a;
    edf_get_annotation(h.handle, i, &a);
    printf("annotation %lld [%s] [%s]\\n", a.onset, a.duration, a.annotation);
  }
  for (int s = 0; s < h.edfsignals; s++) {
    int n = h.signalparam[s].smp_in_file;
    printf("signal [%s] [%s] %d\\n", h.signalparam[s].label, h.signalparam[s].physdimension, n);
    double *values = malloc(n * sizeof(double));
    if (edfread_physical_samples(h.handle, s, n, values) != n) return 2;
    for (int i = 0; i < n; i++) printf("%.9f\\n", values[i]);
    free(values);
  }
  edfclose_file(h.handle);
  return 0;
}
`;

/** Undefined when the reader can be built; else why not. Installs it where nobody is asked. */
export function missingEdfPeer(): string | undefined {
  if (canBuild()) return undefined;
  const byHand = `install ${PACKAGE} and a C compiler to try it`;
  const isDebian =
    existsSync('/etc/os-release') && /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));
  if (!isDebian || process.getuid?.() !== 0 || !runs('cc', ['--version']))
    return `no foreign reader of EDF here: ${byHand}`;
  const apt = (...args: string[]): boolean => runs('apt-get', ['-qq', ...args]);
  if (!apt('update') || !apt('install', '--yes', '--no-install-recommends', PACKAGE))
    return `apt-get failed: ${byHand}`;
  return canBuild() ? undefined : `apt-get installed no reader: ${byHand}`;
}

function canBuild(): boolean {
  return runs('cc', ['-x', 'c', '-', '-o', '/dev/null', '-ledf'], PROGRAM);
}

function runs(program: string, args: readonly string[], input = ''): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status } = spawnSync(program, args, { input, env, timeout: INSTALL_WITHIN_MS });
  return status === 0;
}

/** What EDFlib says of a file, line by line. */
export function readWithPeer(file: string, directory: string): string[] {
  const program = join(directory, 'edf-peer');
  spawnSync('cc', ['-x', 'c', '-', '-o', program, '-ledf'], { input: PROGRAM });
  const { stdout } = spawnSync(program, [file], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return stdout.trimEnd().split('\n');
}
