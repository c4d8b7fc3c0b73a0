/**
 * Alarms that were raised from memory while the store was away (safety S3). Some are of readings that
 * the log will never have: they live in their rows alone, so they are shown as stored once their rows
 * are, and not a moment before. Who reads "stored" may rely on it, whatever happens to the server then.
 */
import { withView } from './alarm-change.ts';
import type { StoredAlarm } from './alarm-row.ts';
import type { AlarmShelf } from './alarm-shelf.ts';

export interface StoringPorts {
  readonly shelf: Pick<AlarmShelf, 'get' | 'amend'>;
  readonly write: (alarm: StoredAlarm, what: string) => void;
  /** Resolves when all that was written is durable. */
  readonly settle: () => Promise<void>;
  readonly show: (alarm: StoredAlarm) => void;
}

interface Name {
  readonly subjectId: string;
  readonly id: string;
}

const keyOf = ({ subjectId, id }: Name): string => `${subjectId}/${id}`;

export class NotYetStored {
  readonly #ports: StoringPorts;
  /** Raised while the store was away, and not on their way to it. */
  #raised = new Map<string, Name>();
  /** On their way. */
  readonly #going = new Map<string, Name>();

  constructor(ports: StoringPorts) {
    this.#ports = ports;
  }

  note({ view: { subjectId, id } }: StoredAlarm): void {
    this.#raised.set(keyOf({ subjectId, id }), { subjectId, id });
  }

  /** Whether what becomes of it has to be written, though nobody is told yet that it is. */
  isGoing({ view }: StoredAlarm): boolean {
    return this.#going.has(keyOf(view));
  }

  /** Erased. */
  forget(subjectId: string): void {
    for (const names of [this.#raised, this.#going])
      for (const [key, name] of names) if (name.subjectId === subjectId) names.delete(key);
  }

  /** The store is back. */
  begin(): void {
    const names = [...this.#raised.values()];
    this.#raised = new Map();
    for (const name of names) {
      const alarm = this.#waiting(name);
      if (alarm === undefined) continue;
      this.#going.set(keyOf(name), name);
      this.#ports.write(alarm, 'raised');
    }
    if (this.#going.size > 0) void this.#ports.settle().then(() => this.#show());
  }

  #show(): void {
    for (const [key, name] of this.#going) {
      this.#going.delete(key);
      const alarm = this.#waiting(name);
      if (alarm === undefined) continue;
      const stored = withView(alarm, { notYetStored: false });
      this.#ports.shelf.amend(stored);
      this.#ports.show(stored);
    }
  }

  #waiting({ subjectId, id }: Name): StoredAlarm | undefined {
    const alarm = this.#ports.shelf.get(subjectId, id);
    return alarm?.view.notYetStored === true ? alarm : undefined;
  }
}
