/** Who the person at the page is right now. */
import type { PagePerson } from '../state.ts';
import { initialsOf } from './initials.ts';

type PeopleProps = { people: PagePerson[]; me: PagePerson; onChoose: (id: string) => void };

export function PeopleSwitcher({ people, me, onChoose }: PeopleProps) {
  return (
    <div className="people">
      <fieldset>
        <legend>You are</legend>
        {people.map((person) => (
          <label key={person.id} className={person.id === me.id ? 'person chosen' : 'person'}>
            <input type="radio" name="person" checked={person.id === me.id} onChange={() => onChoose(person.id)} />
            <span className={`avatar ${person.id.toLowerCase()}`} aria-hidden="true">
              {initialsOf(person.name)}
            </span>
            <span className="who">
              <b>{person.name}</b>
              <small>{person.isGuest ? 'Guest' : person.role.split(',')[0]}</small>
            </span>
          </label>
        ))}
      </fieldset>
      <p className="may" aria-live="polite">
        <b>{me.role}.</b> {me.may}
      </p>
    </div>
  );
}
