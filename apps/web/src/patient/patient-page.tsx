import { createLazyRoute } from '@tanstack/react-router';
import { Findings } from './findings.tsx';
import { PatientFrame } from './patient-frame.tsx';
import classes from './patient-page.module.css';
import { Timeline } from './timeline.tsx';

export const Route = createLazyRoute('/workspace/patients/$id')({ component: PatientPage });

function PatientPage() {
  return (
    <PatientFrame>
      {(subject) => (
        <div className={classes.body}>
          <Findings subject={subject} />
          <Timeline subject={subject} />
        </div>
      )}
    </PatientFrame>
  );
}
