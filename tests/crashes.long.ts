/** The first promise of the house under every fault, two hundred rounds each. */
import { FAULTS } from './support/crash-faults.ts';
import { testFaults } from './support/crash-suite.ts';

testFaults(FAULTS, 200);
