/**
 * The first promise of the house under every fault, three rounds each, for each of its ways; `npm run test:long` has two hundred.
 * That both die at once has a test of its own: nothing-acknowledged-is-lost.test.ts.
 */
import { BOTH_DIE, FAULTS } from './support/crash-faults.ts';
import { testFaults } from './support/crash-suite.ts';

testFaults(
  FAULTS.filter((fault) => fault !== BOTH_DIE),
  3,
);
