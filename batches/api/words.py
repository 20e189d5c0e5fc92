"""The words in which the API names a status.

Clients of the older system stop polling on `completed` and `failed`, so what ended with results is
`completed` here. Every other status is spoken as it is stored.
"""

from batches.models import Batch, Job

COMPLETED = "completed"
BATCH_WORDS = {status.value: status.value for status in Batch.Status} | {
    Batch.Status.COMPLETE.value: COMPLETED,
    Batch.Status.PARTIAL.value: COMPLETED,
}
JOB_WORDS = {status.value: status.value for status in Job.Status} | {
    Job.Status.COMPLETE.value: COMPLETED,
}
