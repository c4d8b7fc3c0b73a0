import { createLazyRoute } from '@tanstack/react-router';
import classes from '../access/access-page.module.css';
import { PatientFrame } from '../patient/patient-frame.tsx';
import { AccessLog } from './access-log.tsx';

export const Route = createLazyRoute('/workspace/patients/$id/access-log')({
  component: AccessLogPage,
});

function AccessLogPage() {
  return (
    <PatientFrame>
      {({ id }) => (
        <div className={classes.body}>
          <AccessLog subjectId={id} />
        </div>
      )}
    </PatientFrame>
  );
}
