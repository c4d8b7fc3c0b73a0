/*
 * Preloaded into PostgreSQL: while the file FLAG exists, nothing that is written reaches the disk, and
 * PostgreSQL is told so. Every other program is left alone.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

static int is_postgres;

/* At the start: PostgreSQL writes over its own name later. */
__attribute__((constructor)) static void know_the_program(void) {
  is_postgres = strcmp(program_invocation_short_name, "postgres") == 0;
}

static int call(const char *name, int fd) {
  if (is_postgres && access(FLAG, F_OK) == 0) {
    errno = EIO;
    return -1;
  }
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  return real(fd);
}

int fsync(int fd) { return call("fsync", fd); }

int fdatasync(int fd) { return call("fdatasync", fd); }
