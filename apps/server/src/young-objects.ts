/**
 * Keeps what a message leaves behind in the young generation, and the old one from being searched for
 * nothing.
 *
 * V8 watches which places of the code make objects that live, and lets those places make old ones
 * from the start; under load a message lives across a collection often enough for that, and then dead
 * old objects keep every younger message alive until the next full collection. Measured at 45,000
 * messages a second: a fifth of all that is allocated was copied on, 14 ms a collection; without the
 * guess it is a hundredth, 2.5 ms.
 *
 * V8 begins a full collection as soon as the old generation has less room left than the young one is
 * large, which with a small old generation is always: 1.2 a second, 10 to 20 ms each. Told to wait
 * until 70 % of the room is used (85 % at the latest) it is one in six seconds or fewer.
 *
 * It also begins one whenever 64 MB of buffers have come since the last, however large the heap is:
 * with 10,000 devices every seven seconds, and each marks all that lives, 300 MB, for 300 to 500 ms of
 * which little else is done. Buffers count like everything else now, and the heap may grow to three
 * times of what lives: one in half a minute.
 *
 * Imported first by main.ts: the guess is made as functions are compiled.
 */
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--no-allocation-site-pretenuring');
setFlagsFromString('--incremental-marking-soft-trigger=70');
setFlagsFromString('--incremental-marking-hard-trigger=85');
setFlagsFromString('--external-memory-accounted-in-global-limit');
setFlagsFromString('--heap-growing-percent=200');
