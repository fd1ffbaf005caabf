"""From what a user asked for to a trainer: settings, text, run folder, device, first weights.

request  what was asked for
kind     what the text is taken for, and the settings that follow
look     what a run would be, without training
begin    a new run; parent is the run whose weights it may begin with
resume   a run that continues from its last checkpoint
ready    the session that both return
"""

from charrnn.device.backend import open_backend
from charrnn.hints import OnProgress
from charrnn.session import begin, resume
from charrnn.session.look import TextFacts as TextFacts
from charrnn.session.look import look as look
from charrnn.session.look import names_text as names_text
from charrnn.session.ready import Session
from charrnn.session.request import COMMAND_LINE as COMMAND_LINE
from charrnn.session.request import TrainRequest as TrainRequest
from charrnn.session.request import open_corpus as open_corpus


def prepare(request: TrainRequest, reading: OnProgress | None = None) -> Session:
    """Prepare a session for its first step; `reading` is called with (done, total) bytes while the text is encoded.

    Raises:
        CharrnnError: something is wrong with the request.
    """
    backend = open_backend(request.device)
    start = resume.resume if request.resume else begin.begin
    return start(request, backend, reading)
