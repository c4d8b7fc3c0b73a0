import { NewSubject, SubjectList, SubjectView } from '@ausculta/contract/subjects';
import type { Command, Given } from './command.ts';
import { writeJson, writeJsonLines, writeTable } from './output.ts';
import { CommandProblem, EXIT } from './problem.ts';

const text = { type: 'string' } as const;

export const SUBJECT_ADD: Command = {
  name: 'subject add',
  words: ['NAME'],
  options: {
    'record-number': text,
    category: text,
    paced: text,
    'birth-date': text,
    sex: text,
    ward: text,
    bed: text,
  },
  usage:
    'subject add NAME [--record-number N] [--category C] [--paced P] [--birth-date D] [--sex S] [--ward W] [--bed B]',
  help: 'Registers a patient; NAME is "Family, Given"',
  async run(given, { client, out }) {
    const wanted = newSubject(given);
    const subject = await client.post('/api/subjects', wanted, SubjectView);
    if (out.asJson) return writeJson(out, subject);
    const { id, category, identity } = subject;
    out.line(`Added ${fullName(subject)}, record number ${identity.recordNumber}.`);
    out.line(`Subject id: ${id}`);
    if (category === 'unknown') {
      out.line(
        'No alarm limits apply before the category is known: add with --category adult, for one.',
      );
    }
  },
};

export const SUBJECT_LIST: Command = {
  name: 'subject list',
  words: [],
  options: {},
  usage: 'subject list',
  help: 'All subjects with their ids, record numbers and devices',
  async run(_, { client, out }) {
    const { subjects } = await client.get('/api/subjects', SubjectList);
    if (out.asJson) return writeJsonLines(out, subjects);
    if (subjects.length === 0)
      return out.line('No subjects yet: npx ausculta subject add "Family, Given" --category adult');
    const rows = subjects.map((subject) => [
      subject.id,
      subject.identity.recordNumber,
      fullName(subject),
      [subject.identity.ward, subject.identity.bed].filter(Boolean).join(' '),
      subject.category,
      subject.devices.map(({ id }) => id).join(', '),
    ]);
    writeTable(out, ['id', 'record number', 'name', 'bed', 'category', 'devices'], rows);
  },
};

/** A comma tells the family name; without one nobody can know, so all of it is. */
function newSubject({ words, options }: Given): NewSubject {
  const [familyName = '', givenName] = (words[0] ?? '').split(/,\s*/, 2);
  const identity = {
    familyName: familyName.trim(),
    givenName: givenName?.trim(),
    birthDate: options['birth-date'],
    sex: options.sex,
    recordNumber: options['record-number'],
    ward: options.ward,
    bed: options.bed,
  };
  const parsed = NewSubject.safeParse({
    category: options.category,
    paced: options.paced,
    identity: Object.fromEntries(
      Object.entries(identity).filter(([, value]) => value !== undefined),
    ),
  });
  if (parsed.success) return parsed.data;
  const field = String(parsed.error.issues[0]?.path.at(-1) ?? '');
  throw new CommandProblem(
    EXIT.USAGE,
    MENDS[field] ?? 'NAME must be 1 to 100 letters, as "Family, Given".',
  );
}

const MENDS: Readonly<Record<string, string>> = {
  category: '--category must be adult, child, neonate, maternity or unknown.',
  paced: '--paced must be yes, no or unknown.',
  sex: '--sex must be female, male, other or unknown.',
  birthDate: '--birth-date must be a date such as 1957-03-14, or a year.',
  recordNumber: '--record-number must be at most 50 characters long.',
  ward: '--ward must be at most 50 characters long.',
  bed: '--bed must be at most 20 characters long.',
};

function fullName({ identity: { familyName, givenName } }: SubjectView): string {
  return givenName === '' ? familyName : `${familyName}, ${givenName}`;
}
