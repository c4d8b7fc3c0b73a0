/** Ids that are not theirs, ten thousand times. */
import { testMutatedIds } from '../support/mutated-ids.ts';

testMutatedIds(10_000);
