/** Ids that are not theirs, three thousand times; `npm run test:long` asks ten thousand. */
import { testMutatedIds } from '../support/mutated-ids.ts';

testMutatedIds(3_000);
