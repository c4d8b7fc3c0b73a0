/**
 * What a SMART token leaves of what its holder may do, resource by resource. It knows no roles: both must
 * allow, this and the policy. A scope with a parameter (`?category=`) is about resources whose content is known.
 */
import {
  bitsOf,
  type Letter,
  lettersFor,
  type SmartAccess,
  type SmartResource,
  type SmartScope,
} from '@ausculta/policy/smart-scope';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { ScopesSeen } from '../database/viewing.ts';
import { classesOfType } from './document-class.ts';

export type Smart = Pick<SmartAccess, 'scopes' | 'patientId'>;

/** A search tells what it finds: one of the two shows a resource. */
const LOOKING = bitsOf('rs');

/** What a patient's record refers to although it is about nobody. */
const BESIDE_A_PATIENT = ['directory', 'devices'];

/** By which parameters a scope may be narrowed here. */
export const SCOPE_PARAMETERS: readonly string[] = ['category'];

interface Coding {
  readonly system?: unknown;
  readonly code?: unknown;
}

/** `_has`, `subject.name`: a question about one type that tells of another. */
const LEADS_ELSEWHERE = /^_(has|filter|list|type|query|text|content)|\./;

export class SmartLimits implements ScopesSeen {
  readonly #smart: Smart;
  readonly #isSamePerson: (one: SubjectId, other: SubjectId) => boolean;

  constructor(smart: Smart, isSamePerson: (one: SubjectId, other: SubjectId) => boolean) {
    this.#smart = smart;
    this.#isSamePerson = isSamePerson;
  }

  /** Whether nothing that may be looked at is kept back. */
  get showsAll(): boolean {
    return this.#hasAll('rs', ({ compartment }) => compartment !== 'patient');
  }

  /** Of all types, of whomever the token is about. */
  mayOfAll(letters: string): boolean {
    return this.#hasAll(letters, (scope) => this.#isInUse(scope));
  }

  /** Of some resource of the type; whose and of which kind is asked of each. */
  reaches(type: string, letters: number = LOOKING): boolean {
    return this.#about(type).some((scope) => (scope.letters & letters) !== 0);
  }

  mayRead(type: string): boolean {
    return this.reaches(type, bitsOf('r'));
  }

  maySearch(type: string | undefined, parameters: readonly string[]): boolean {
    const isOfAll = type === undefined || parameters.some((name) => LEADS_ELSEWHERE.test(name));
    return isOfAll ? this.mayOfAll('rs') : this.reaches(type, bitsOf('s'));
  }

  /** Whether the token is about this person at all. */
  isAbout(subjectId: string): boolean {
    return this.#smart.scopes.some(
      ({ compartment }) => compartment !== 'patient' || this.#isPatient(subjectId),
    );
  }

  /** Whether one resource of the type may be shown and another not: then each is looked at. */
  isByResource(type: string): boolean {
    if (this.showsAll) return false;
    const shown = this.#about(type).filter(({ letters }) => (letters & LOOKING) !== 0);
    const kinds = new Set(shown.map(({ compartment }) => compartment === 'patient'));
    return kinds.size > 1 || shown.some(({ parameters }) => parameters.length > 0) || this.#isMixed;
  }

  /** Whether one that names nobody may be shown. */
  mayBeOfNobody(type: string): boolean {
    const whose = this.#whose(type, null);
    return this.#about(type).some(
      ({ compartment, letters }) =>
        (letters & LOOKING) !== 0 && (compartment !== 'patient' || whose !== undefined),
    );
  }

  shows(type: string, subjectId: string | null, content: object | undefined): boolean {
    return this.#may(LOOKING, type, subjectId, content);
  }

  /** Without its content only what a scope without parameters opens. */
  may(letter: Letter, type: string, subjectId: string | null, content?: object): boolean {
    return this.#may(bitsOf(letter), type, subjectId, content);
  }

  #may(bits: number, type: string, subjectId: string | null, content?: object): boolean {
    const resource: SmartResource = {
      type,
      tokens: content === undefined ? {} : tokensOf(content),
    };
    const whose = this.#whose(type, subjectId);
    return (lettersFor(this.#smart, resource, whose) & bits) !== 0;
  }

  /** As the scopes know it: any record of the patient's is the patient's. */
  #whose(type: string, subjectId: string | null): string | undefined {
    if (subjectId !== null) return this.#isPatient(subjectId) ? this.#smart.patientId : subjectId;
    const isBeside = classesOfType(type).every((one) => BESIDE_A_PATIENT.includes(one));
    return isBeside ? this.#smart.patientId : undefined;
  }

  #isPatient(subjectId: string): boolean {
    const { patientId } = this.#smart;
    if (patientId === undefined) return false;
    return this.#isSamePerson(patientId as SubjectId, subjectId as SubjectId);
  }

  /** Some are of the patient and some of whomever: whose a row is decides which it falls under. */
  get #isMixed(): boolean {
    return new Set(this.#smart.scopes.map(({ compartment }) => compartment === 'patient')).size > 1;
  }

  #hasAll(letters: string, isMeant: (scope: SmartScope) => boolean): boolean {
    const bits = this.#smart.scopes
      .filter((one) => one.resourceType === '*' && one.parameters.length === 0 && isMeant(one))
      .reduce((all, one) => all | one.letters, 0);
    return (bits & bitsOf(letters)) === bitsOf(letters);
  }

  #about(type: string): readonly SmartScope[] {
    return this.#smart.scopes.filter(
      (scope) =>
        (scope.resourceType === '*' || scope.resourceType === type) && this.#isInUse(scope),
    );
  }

  /** Without a patient no scope of the patient opens anything. */
  #isInUse({ compartment }: SmartScope): boolean {
    return compartment !== 'patient' || this.#smart.patientId !== undefined;
  }
}

/** What the parameters of scopes are compared with, of a resource that nobody has found to be valid yet. */
function tokensOf(content: object): SmartResource['tokens'] {
  const { category } = content as { readonly category?: unknown };
  const tokens = [category].flat().flatMap((concept) => {
    const { coding } = Object(concept) as { readonly coding?: unknown };
    return [coding].flat().flatMap((one) => {
      const { system, code } = Object(one) as Coding;
      return typeof code === 'string'
        ? [`${typeof system === 'string' ? system : ''}|${code}`]
        : [];
    });
  });
  return { category: tokens };
}
