// In a frame of the page: hands on what the authorization server said about a session, to this origin and no other.
parent.postMessage(location.href, location.origin)
