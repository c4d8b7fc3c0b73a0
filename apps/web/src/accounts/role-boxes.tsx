import { Checkbox } from '@mantine/core';
import classes from './accounts-page.module.css';
import { PEOPLE_ROLES, roleWords } from './role-words.ts';

interface RoleBoxesProps {
  readonly roles: readonly string[];
  readonly onChange: (roles: readonly string[]) => void;
}

export function RoleBoxes({ roles, onChange }: RoleBoxesProps) {
  return (
    <Checkbox.Group label="Roles" value={[...roles]} onChange={onChange}>
      <div className={classes.roles}>
        {PEOPLE_ROLES.map((role) => (
          <Checkbox key={role} value={role} label={roleWords(role)} />
        ))}
      </div>
    </Checkbox.Group>
  );
}
