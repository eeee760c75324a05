import type { Evidence } from '#shared/model/run';

/** Ids shown in a note. */
const shown = 10;

/** One property of every user, counted over both sides. */
export class Tally {
  #source = 0;
  #target = 0;
  readonly #different: string[] = [];

  constructor(
    readonly subject: string,
    readonly method: string,
  ) {}

  /** Counts a user of the source; `equal`: whether the target has the same. */
  count(id: string, equal: boolean): void {
    this.#source += 1;
    if (equal) this.#target += 1;
    else if (this.#different.length < shown) this.#different.push(id);
  }

  /** How many users were counted. */
  get counted(): number {
    return this.#source;
  }

  evidence(): Evidence {
    const differing = this.#source - this.#target;
    return {
      subject: this.subject,
      method: this.method,
      source: String(this.#source),
      target: `${this.#target} equal`,
      equal: differing === 0,
      ...(differing === 0
        ? {}
        : { note: `Different: ${this.#different.join(', ')}${differing > shown ? ', …' : ''}` }),
    };
  }
}
